import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DIST } from '../cli/process.js';
import { defences, sourceOf } from './defences.js';
import { expectAnswer, type Row } from './row.js';
import { authorisation } from './rows/authorisation.js';
import { bruteForce } from './rows/brute-force.js';
import { enumeration } from './rows/enumeration.js';
import { injection } from './rows/injection.js';
import { queryCost } from './rows/query-cost.js';
import { refusedStarts } from './rows/secrets.js';
import { sessions } from './rows/sessions.js';
import { signIn } from './rows/sign-in.js';
import { transport } from './rows/transport.js';
import { startTarget, type Target, type Variant } from './target.js';

const groups: [string, Row[]][] = [
  ['transport and parsing', transport],
  ['the cost of queries', queryCost],
  ['enumeration', enumeration],
  ['brute force', bruteForce],
  ['tokens and sessions', sessions],
  ['authorisation', authorisation],
  ['injection', injection],
  ['sign-in with others', signIn],
];
const rows = groups.flatMap(([, of]) => of);

const targets = new Map<Variant, Promise<Target>>();

/** Each server is started when it is first attacked. */
function target(variant: Variant = 'main'): Promise<Target> {
  const started = targets.get(variant) ?? startTarget(variant);
  targets.set(variant, started);
  return started;
}

/** What was attacked before may have left the server busy. */
async function untilCalm(attacked: Target): Promise<void> {
  while ((await attacked.graphql('{ __typename }')).body.includes('The server is busy')) {
    await sleep(100);
  }
}

beforeAll(async () => {
  await target();
});
afterAll(async () => {
  for (const started of targets.values()) {
    await (await started).close();
  }
});

test('a server that is attacked serves', async () => {
  const attacked = await target();
  await untilCalm(attacked);
  const { status, body } = await attacked.graphql('{ leaderboard { slug } }');
  expect({ status, data: JSON.parse(body).data }).toEqual({ status: 200, data: { leaderboard: { slug: 'monthly' } } });
});

describe.each(groups)('%s', (_group, of) => {
  test.each(of.map((row) => [`[${row.defence}] ${row.name}`, row] as const))('%s', async (_name, row) => {
    const attacked = await target(row.server);
    await untilCalm(attacked);
    const answer = await row.attack(attacked);
    expectAnswer(answer, row.expected);
    if (row.sameAs !== undefined) {
      const { status, body } = await row.sameAs(attacked);
      expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
    }
  });
});

describe('the table', () => {
  test('has a row for every defence, and no row without one', () => {
    const named = new Set([...rows, ...refusedStarts].map(({ defence }) => defence));
    const known = defences.filter(({ tests }) => tests === undefined).map(({ name }) => name);
    expect([...named].toSorted()).toEqual(known.toSorted());
  });

  // What the removal of a defence changes must be there, once.
  test.each(defences.map((defence) => [defence.name, defence] as const))(
    'knows where it is in the build: %s',
    (_name, { changes }) => {
      for (const { file, text } of changes) {
        const source = readFileSync(sourceOf(file, DIST, join(process.cwd(), 'node_modules')), 'utf8');
        expect({ file, text, times: source.split(text).length - 1 }).toEqual({ file, text, times: 1 });
      }
    },
  );
});
