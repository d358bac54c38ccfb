import { sessionId, sessionIdSql, userId, userIdSql, viewerCount, viewerNumber } from '../ids.js';

/** Everybody who can sign in. */
export function allViewers(players) {
  return Array.from({ length: viewerCount(players) }, (_, index) => ({ viewer: viewerNumber(players, index) }));
}

/** pgbench: draws `n`, the number of one of them; the same rule as viewerNumber of ids.js. */
export function viewerSetting(players) {
  const count = viewerCount(players);
  return [`\\set k random(0, ${count - 1})`, `\\set n 1 + (2 * :k + 1) * ${players} / ${2 * count}`];
}

/** What is :n's in statements recorded for these viewers. */
export function viewerValues(inputs) {
  return [
    { recorded: inputs.map(({ viewer }) => userId(viewer)), sql: userIdSql(':n') },
    { recorded: inputs.map(({ viewer }) => sessionId(viewer)), sql: sessionIdSql(':n') },
  ];
}
