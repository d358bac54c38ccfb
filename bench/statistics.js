/** The middle of a list of numbers; of an even count, the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of a list and its extremes. */
export function summarize(values) {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** How many times as much `some` is as `others`, round by round: what disturbed a round disturbed both. */
export function ratio(some, others) {
  return summarize(some.map((value, round) => value / others[round]));
}
