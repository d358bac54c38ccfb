import { median, ratio, summarize } from './statistics.js';

/*
 * The report as tables `{ title, head, rows }`, of which the terminal and the document show the same cells.
 */

const SERVERS = { laurel: 'Laurel', postgraphile: 'PostGraphile', mercurius: 'Mercurius', pgbench: 'pgbench' };

/** All tables of a report, in the order of reading. */
export function toTables(report) {
  return [
    ...(report.comparisons
      ? [throughput(report.comparisons), latency(report.comparisons), cpuTime(report.comparisons)]
      : []),
    targets(report),
    growth(report),
    ...(report.memory ? [memory(report.memory), starts(report.starts)] : []),
  ];
}

function throughput(comparisons) {
  const names = Object.keys(SERVERS);
  return {
    title: 'Requests per second: the median of the rounds (least to most)',
    head: ['', ...Object.values(SERVERS)],
    rows: comparisons.map(({ title, perSecond }) => [
      title,
      ...names.map((name) => (perSecond[name] === undefined ? '' : range(summarize(perSecond[name]), 0))),
    ]),
  };
}

function latency(comparisons) {
  const names = Object.keys(SERVERS).filter((name) => name !== 'pgbench');
  return {
    title: 'Latency in milliseconds, with all connections busy: the half of requests, and 99 of 100 (last round)',
    head: ['', ...names.map((name) => SERVERS[name])],
    rows: comparisons.map(({ title, latencies }) => [
      title,
      ...names.map((name) => (latencies[name] === undefined ? '' : `${latencies[name].p50}, ${latencies[name].p99}`)),
    ]),
  };
}

function cpuTime(comparisons) {
  const names = Object.keys(SERVERS).filter((name) => name !== 'pgbench');
  return {
    title: 'CPU time of the server process a request, in milliseconds, without PostgreSQL: the median of the rounds',
    head: ['', ...names.map((name) => SERVERS[name])],
    rows: comparisons.map(({ title, cpu }) => [
      title,
      ...names.map((name) => (cpu[name] === undefined ? '' : median(cpu[name]).toFixed(2))),
    ]),
  };
}

/** Every ratio that Laurel is held to, measured within one run. */
function targets({ comparisons = [], upserts, growth: cases, sizes }) {
  const rows = [];
  for (const { name, title, perSecond } of comparisons) {
    const { aim, dream } = AIMS[name];
    for (const other of Object.keys(perSecond).filter((server) => server !== 'laurel')) {
      const measured = ratio(perSecond.laurel, perSecond[other]);
      const wanted = { postgraphile: aim, mercurius: dream }[other];
      rows.push([`${title}: requests/s beside ${SERVERS[other]}`, ...judge(measured, 'at least', wanted)]);
    }
  }
  if (upserts !== undefined) {
    const measured = ratio(upserts.tree, upserts.bare);
    rows.push(['standing and rank tree: upserts/s beside the bare upsert', ...judge(measured, 'at least', 0.35)]);
  }
  const key = cases.find(({ name }) => name === 'key');
  for (const { name, title, milliseconds } of cases) {
    const limit = SLOWNESS[name];
    if (limit !== undefined) {
      const measured = ratio(milliseconds.at(-1), key.milliseconds.at(-1));
      rows.push([
        `${title} at ${count(sizes.at(-1))}: time beside a primary-key read`,
        ...judge(measured, 'at most', limit),
      ]);
    }
  }
  const rank = cases.find(({ name }) => name === 'rank');
  if (sizes.length > 1) {
    const grown = ratio(rank.milliseconds.at(-1), rank.milliseconds[0]);
    rows.push([`rank: time at ${count(sizes.at(-1))} beside ${count(sizes[0])}`, ...judge(grown, 'at most', 2)]);
  }
  return { title: 'Ratios within the run', head: ['', 'measured', 'wanted', ''], rows };
}

const AIMS = { page: { aim: 2, dream: 1 }, rank: {}, home: { aim: 2 }, submit: { aim: 1.5 } };

const SLOWNESS = {
  rank: 3,
  'rank-tied': 3,
  around: 10,
  'around-tied': 10,
  page: 10,
  'page-deep': 10,
  'page-any': 10,
  'page-tied': 10,
};

function judge(measured, bound, wanted) {
  const shown = range(measured, 2);
  if (wanted === undefined) {
    return [shown, '', ''];
  }
  const met = bound === 'at least' ? measured.median >= wanted : measured.median <= wanted;
  return [shown, `${bound} ${wanted}`, met ? 'met' : 'NOT met'];
}

function growth({ growth: cases, sizes }) {
  return {
    title: 'Milliseconds in SQL by the number of standings, one connection (in brackets: times a primary-key read)',
    head: ['', ...sizes.map(count)],
    rows: cases.map(({ name, title, milliseconds }) => [
      title,
      ...milliseconds.map((rounds, place) => {
        const [key] = cases;
        const time = median(rounds);
        return name === 'key'
          ? time.toFixed(3)
          : `${time.toFixed(3)} (${ratio(rounds, key.milliseconds[place]).median.toFixed(1)})`;
      }),
    ]),
  };
}

function memory(samples) {
  return {
    title: 'Memory of the server process (RSS) in MB',
    head: ['', 'after the start', 'most after a load'],
    rows: Object.entries(samples).map(([name, [first, ...later]]) => [
      SERVERS[name],
      String(first),
      String(Math.max(...later)),
    ]),
  };
}

function starts(list) {
  return {
    title: 'Seconds from npm start, build included, to the first answer',
    head: ['', 'seconds'],
    rows: list.map(({ title, seconds }) => [title, seconds.toFixed(1)]),
  };
}

function range({ median: middle, least, most }, digits) {
  // Small rates keep their decimals: a server that takes ten seconds for a request is not one that answers none.
  const show = (value) => (digits === 0 && value >= 10 ? count(Math.round(value)) : value.toFixed(digits || 2));
  return `${show(middle)} (${show(least)} to ${show(most)})`;
}

const count = (value) => value.toLocaleString('en');
