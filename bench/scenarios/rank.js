import { userId, userIdSql } from '../ids.js';
import { toRow } from './answer.js';

const SAMPLE = 2000;

const nested = {
  query: `query ($id: ID!) { leaderboard(slug: "monthly") { currentSeason { standing(userId: $id) { rank score } } } }`,
  variables: ({ number }) => ({ id: userId(number) }),
  answer: ({ leaderboard }) => toRow(leaderboard.currentSeason.standing),
};

/** The rank of any player, for anybody. */
export const rank = {
  name: 'rank',
  title: "a player's rank",
  inputs: (players) => Array.from({ length: SAMPLE }, () => ({ number: 1 + Math.floor(Math.random() * players) })),
  servers: {
    laurel: nested,
    postgraphile: {
      query: 'query ($id: UUID!) { placeOfList(playerId: $id) { rank score } }',
      variables: nested.variables,
      answer: ({ placeOfList }) => toRow(placeOfList[0]),
    },
    mercurius: nested,
  },
  transaction: (players, inputs) => ({
    settings: [`\\set n random(1, ${players})`],
    values: [{ recorded: inputs.map(({ number }) => userId(number)), sql: userIdSql(':n') }],
  }),
};
