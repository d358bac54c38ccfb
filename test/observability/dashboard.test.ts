import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { OperationTypeNode } from 'graphql';
import { parse } from 'yaml';
import { Jobs } from '../../src/jobs/jobs.js';
import { createLog } from '../../src/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import * as topics from '../../src/observability/topics.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { samplesOf } from './samples.js';

const file = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** What Prometheus itself adds to whatever it scrapes. */
const OF_THE_TARGET = ['job', 'instance'];

let database: TestDatabase;
let jobs: Jobs;
let metrics: Metrics;
/** The labels of each metric as it is told. */
const told = new Map<string, Set<string>>();
beforeAll(async () => {
  database = await openTestDatabase();
  const log = createLog('silent');
  const queue = { name: 'a-queue', options: {}, run: async () => undefined };
  jobs = await Jobs.open(database, database.url, [queue], log);
  await jobs.enqueue(database.orm.em.fork(), queue, {});
  metrics = new Metrics();
  metrics.watch({ database, requestsInFlight: () => 0, replicaConnections: () => undefined });
  tellEverything();
  for (const { name, labels } of samplesOf(await metrics.text())) {
    told.set(name, new Set([...(told.get(name) ?? []), ...Object.keys(labels)]));
  }
});
afterAll(async () => {
  metrics.close();
  await jobs.stop();
  await database.close();
});

/** Some metrics have no samples before the first thing that they count. */
function tellEverything(): void {
  topics.operationFinished.tell({
    name: 'Home',
    isPersisted: false,
    type: OperationTypeNode.QUERY,
    outcome: 'ok',
    milliseconds: 1,
  });
  topics.statementFinished.tell({ text: '', startedAt: 0, milliseconds: 1, error: undefined });
  topics.rateLimitRefused.tell('login');
  topics.requestShed.tell('in_flight');
  topics.scoreSubmitted.tell({ improved: true });
  topics.jobEnded.tell({ queue: 'a-queue', failed: false });
  topics.mailEnded.tell({ failed: false });
}

interface Used {
  metrics: { name: string; labels: string[] }[];
  /** Labels that are aggregated by. */
  grouping: string[];
  isValid: boolean;
}

/** What a PromQL expression uses. */
function usedIn(expression: string): Used {
  const used: Used = { metrics: [], grouping: [], isValid: true };
  const textOf = ({ from, to }: { from: number; to: number }): string => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter: ({ name, type, node }) => {
      if (type.isError) {
        used.isValid = false;
      }
      if (name === 'VectorSelector') {
        const labels = node.getChild('LabelMatchers')?.cursor();
        const metric = { name: textOf(node.getChild('Identifier') ?? node), labels: [] as string[] };
        labels?.iterate((part) => {
          if (part.name === 'LabelName') {
            metric.labels.push(textOf(part));
          }
        });
        used.metrics.push(metric);
      }
      if (name === 'GroupingLabels') {
        node.getChildren('LabelName').forEach((label) => used.grouping.push(textOf(label)));
      }
    },
  });
  return used;
}

/** What is wrong with an expression; empty where nothing is. */
function problemsOf(expression: string): string[] {
  const { metrics: selected, grouping, isValid } = usedIn(expression);
  const problems = isValid ? [] : ['it is no PromQL'];
  if (selected.length === 0) {
    problems.push('it selects nothing');
  }
  const known = new Set([...OF_THE_TARGET, ...selected.flatMap(({ name }) => [...(told.get(name) ?? [])])]);
  for (const { name, labels } of selected) {
    const own = told.get(name);
    if (own === undefined) {
      problems.push(`there is no metric ${name}`);
    }
    const strange = labels.filter((label) => !OF_THE_TARGET.includes(label) && own?.has(label) !== true);
    problems.push(...strange.map((label) => `${name} has no label ${label}`));
  }
  problems.push(...grouping.filter((label) => !known.has(label)).map((label) => `nothing has a label ${label}`));
  return problems;
}

describe('what the test itself finds', () => {
  test.each([
    ['sum(rate(laurel_operations_total[5m]))', []],
    ['laurel_nothing', ['there is no metric laurel_nothing']],
    ['laurel_jobs{rule="x"}', ['laurel_jobs has no label rule']],
    ['sum by (rule) (laurel_jobs)', ['nothing has a label rule']],
    ['sum by (queue, job) (laurel_jobs{state="failed"})', []],
    ['sum(laurel_jobs', ['it is no PromQL']],
  ])('%s', (expression, problems) => {
    expect(problemsOf(expression)).toEqual(problems);
  });
});

describe('the alerts', () => {
  const { groups } = parse(file('operations/alerts.yml'));
  const rules: { alert: string; expr: string; annotations: Record<string, string> }[] = groups.flatMap(
    (group: { rules: unknown[] }) => group.rules,
  );
  const headings = [...file('operations/runbooks.md').matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);

  test.each(rules.map((rule) => [rule.alert, rule] as const))('%s uses what there is', (_, { expr }) => {
    expect(problemsOf(expr)).toEqual([]);
  });

  test('each has a runbook, and each runbook an alert', () => {
    expect(rules.map(({ alert }) => alert).toSorted()).toEqual(headings.toSorted());
    for (const { alert, annotations } of rules) {
      expect(annotations['runbook']).toBe(`docs/operations/runbooks.md#${alert.toLowerCase()}`);
      expect(annotations['summary']).toBeTruthy();
    }
  });

  test('what the runbooks select is there', () => {
    const quoted = [...file('operations/runbooks.md').matchAll(/`([^`]*(?:laurel|process|nodejs)_[a-z_]+[^`]*)`/g)]
      .map(([, code]) => code!)
      .filter((code) => !/^(select|psql|laurel_jobs$)/.test(code));
    expect(quoted.length).toBeGreaterThan(3);
    for (const expression of quoted) {
      expect({ expression, problems: problemsOf(expression) }).toEqual({ expression, problems: [] });
    }
  });
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(file('operations/dashboard.json'));
  const panels: { title: string; type: string; targets?: { expr: string }[] }[] = dashboard.panels;
  const expressions = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

  test.each(expressions)('%s: %s', (_, expression) => {
    expect(problemsOf(expression.replaceAll('$__rate_interval', '5m'))).toEqual([]);
  });

  test('its variables ask for what there is', () => {
    for (const { definition } of dashboard.templating.list.filter(({ type }: { type: string }) => type === 'query')) {
      const [, expression = ''] = /^label_values\((.*), \w+\)$/.exec(definition) ?? [];
      expect(problemsOf(expression)).toEqual([]);
    }
  });

  test('its panels do not lie over each other', () => {
    const taken = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.has(`${x},${y}`)).toBe(false);
          taken.add(`${x},${y}`);
        }
      }
    }
  });
});

test('the manual has every metric of Laurel, and no other', () => {
  const table = file('operations.md').split('## Metrics')[1]!.split('\n## ')[0]!;
  const named = [...table.matchAll(/^\| (`laurel_.*?) \| .*\|$/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(laurel_\w+)`/g)].map(([, name]) => name!),
  );
  const families = [...told.keys()]
    .filter((name) => name.startsWith('laurel_'))
    .map((name) => name.replace(/_seconds_(?:bucket|sum|count)$/, '_seconds'));
  expect(new Set(named)).toEqual(new Set(families));
});
