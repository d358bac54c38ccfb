import { crowdNumber } from '../data.js';
import { userId, userIdSql } from '../ids.js';

/** Where pages begin, when there are so many standings; else in the middle. */
const DEEP_POSITION = 500_000;

const PAGE_SIZE = 50;

/* Values that come up nowhere else in a statement, so that script.js knows them again. */
const NUMBERS = [211, 317];
const POSITIONS = [413, 719];

/**
 * What is asked of one season as it grows, in the words of script.js: for each, `transaction` says what is random.
 * @param {number} players
 * @param {{ position: number, players: number }} crowd where the players with one shared score stand
 */
export function growingReads(players, crowd) {
  const anyPlayer = `random(1, ${players})`;
  const deep = players > DEEP_POSITION ? DEEP_POSITION : players / 2;
  return [
    ofPlayer('rank', 'rank of any player', RANK, anyPlayer),
    ofPlayer('rank-tied', 'rank of a player with the shared score', RANK, crowdNumber(players)),
    ofPlayer('around', 'around any player', AROUND, anyPlayer),
    ofPlayer('around-tied', 'around a player with the shared score', AROUND, crowdNumber(players)),
    pageAt('page', 'page 1', '1'),
    pageAt('page-deep', 'page at position 500,000, or in the middle', String(deep)),
    pageAt('page-any', 'page at any position', `random(1, ${players - PAGE_SIZE})`),
    pageAt(
      'page-tied',
      'page among the players with the shared score',
      `random(${crowd.position}, ${crowd.position + crowd.players - PAGE_SIZE})`,
    ),
  ];
}

const RANK = `query ($id: ID!) { leaderboard(slug: "monthly") { currentSeason { standing(userId: $id) { rank } } } }`;

const AROUND = `query ($id: ID!) { leaderboard(slug: "monthly") { currentSeason { around(userId: $id, radius: 5) {
  nodes { rank position score } } } } }`;

const PAGE = `query ($position: Int!) { leaderboard(slug: "monthly") { currentSeason {
  standings(first: ${PAGE_SIZE}, fromPosition: $position) { nodes { rank position score } } } } }`;

function ofPlayer(name, title, query, number) {
  return {
    name,
    title,
    inputs: () => NUMBERS.map((n) => ({ id: userId(n) })),
    servers: { laurel: { query, variables: (input) => input } },
    transaction: (_players, inputs) => ({
      settings: [`\\set n ${number}`],
      values: [{ recorded: inputs.map(({ id }) => id), sql: userIdSql(':n') }],
    }),
  };
}

function pageAt(name, title, position) {
  return {
    name,
    title,
    inputs: () => POSITIONS.map((n) => ({ position: n })),
    servers: { laurel: { query: PAGE, variables: (input) => input } },
    transaction: (_players, inputs) => ({
      settings: [`\\set position ${position}`, '\\set before :position - 1', `\\set last :position + ${PAGE_SIZE - 1}`],
      values: [
        { recorded: inputs.map((input) => input.position), sql: ':position' },
        { recorded: inputs.map((input) => input.position - 1), sql: ':before' },
        { recorded: inputs.map((input) => input.position + PAGE_SIZE - 1), sql: ':last' },
      ],
    }),
  };
}
