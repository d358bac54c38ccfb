import { ratio, summarize } from '../statistics.js';
import { WAYS } from './ways.js';

/*
 * The report as tables `{ title, head, rows }`, of which the terminal and the document show the same cells.
 */

/** What Laurel is held to. */
const COPYING_BESIDE_LIMIT = 0.75;
const COPYING_BESIDE_PGLOADER = 2;
const RUN_BESIDE_PGLOADER = 1;
const MOST_MEMORY_MB = 250;
/** Memory that grew with the rows would be ten times as much for ten times as many. */
const MOST_GROWTH = 1.25;

/** All tables of a report, in the order of reading. */
export function toTables({ sizes }) {
  return [targets(sizes), ...sizes.map(speeds), ...memory(sizes)];
}

function speeds({ rows, ways }) {
  return {
    title: `${count(rows)} scores: the median of the rounds (least to most)`,
    head: ['', 'rows/s of the copying', 'seconds of the copying', 'seconds of the whole run'],
    rows: Object.entries(ways).map(([name, { rows: moved, runs }]) => [
      WAYS[name].title,
      range(
        runs.map(({ copySeconds }) => moved / copySeconds),
        0,
      ),
      range(
        runs.map(({ copySeconds }) => copySeconds),
        2,
      ),
      range(
        runs.map(({ seconds }) => seconds),
        2,
      ),
    ]),
  };
}

function targets(sizes) {
  const rows = sizes.flatMap(({ rows: size, ways }) => {
    const of = (name, figure) => ways[name]?.runs.map((run) => run[figure]);
    const at = ` at ${count(size)}`;
    const limit = ratio(of('psql', 'copySeconds'), of('laurel', 'copySeconds'));
    const judged = [[`copying beside psql${at}: rows/s`, ...judge(limit, 'at least', COPYING_BESIDE_LIMIT)]];
    if (ways.pgloader !== undefined) {
      const copying = ratio(of('pgloader', 'copySeconds'), of('laurel', 'copySeconds'));
      const whole = ratio(of('laurel', 'seconds'), of('pgloader', 'seconds'));
      judged.push(
        [`copying beside pgloader${at}: rows/s`, ...judge(copying, 'at least', COPYING_BESIDE_PGLOADER)],
        [`whole run beside pgloader${at}: seconds`, ...judge(whole, 'at most', RUN_BESIDE_PGLOADER)],
      );
    }
    const peaks = of('laurel', 'peakMb');
    if (isKnown(peaks)) {
      judged.push([`most memory${at}: MB`, ...judge(summarize(peaks), 'at most', MOST_MEMORY_MB, 0)]);
    }
    return judged;
  });
  return {
    title: 'Laurel beside the limit and its peers',
    head: ['', 'measured', 'wanted', ''],
    rows: [...rows, ...growth(sizes)],
  };
}

/** Of the memory, from the smallest size to the largest. */
function growth(sizes) {
  const [small, large] = [sizes[0], sizes.at(-1)];
  const peaks = [small, large].map(({ ways }) => ways.laurel.runs.map(({ peakMb }) => peakMb));
  if (small === large || !peaks.every(isKnown)) {
    return [];
  }
  const [least, most] = peaks.map((values) => summarize(values).median);
  const grown = summarize([most / least]);
  return [[`most memory at ${count(large.rows)} beside ${count(small.rows)}`, ...judge(grown, 'at most', MOST_GROWTH)]];
}

function judge(measured, bound, wanted, digits = 2) {
  const met = bound === 'at least' ? measured.median >= wanted : measured.median <= wanted;
  return [shown(measured, digits), `${bound} ${wanted}`, met ? 'met' : 'NOT met'];
}

/** Flat is what has the same most in each quarter of the run. */
function memory(sizes) {
  const rows = sizes.flatMap(({ rows: size, ways }) =>
    Object.entries(ways)
      .filter(([, { runs }]) => isKnown(runs.map(({ peakMb }) => peakMb)))
      .map(([name, { runs }]) => {
        const { samplesMb } = runs.at(-1);
        return [
          `${WAYS[name].title}, ${count(size)}`,
          String(Math.max(...runs.map(({ peakMb }) => peakMb))),
          quarters(samplesMb).join(', '),
        ];
      }),
  );
  const head = ['', 'most in all rounds', 'most in each quarter of the last round'];
  return rows.length === 0 ? [] : [{ title: 'Memory (RSS) of the process in MB', head, rows }];
}

function quarters(samples) {
  return [0, 1, 2, 3]
    .map((quarter) => samples.slice((quarter * samples.length) / 4, ((quarter + 1) * samples.length) / 4))
    .filter((part) => part.length > 0)
    .map((part) => Math.max(...part));
}

function isKnown(values) {
  return values.every((value) => value !== undefined);
}

function range(values, digits) {
  return shown(summarize(values), digits);
}

function shown({ median, least, most }, digits) {
  const show = (value) => (digits === 0 ? count(Math.round(value)) : value.toFixed(digits));
  return least === most ? show(median) : `${show(median)} (${show(least)} to ${show(most)})`;
}

const count = (value) => value.toLocaleString('en');
