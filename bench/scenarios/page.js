import { toRow } from './answer.js';

const nested = {
  query: `query ($first: Int!) { leaderboard(slug: "monthly") { currentSeason { standings(first: $first) {
    nodes { rank score user { nickname } } } } } }`,
  variables: () => ({ first: 50 }),
  answer: ({ leaderboard }) => leaderboard.currentSeason.standings.nodes.map(toRow),
};

/** The first 50 of the season, for anybody. */
export const page = {
  name: 'page',
  title: 'page of 50 with nicknames',
  inputs: () => [{}],
  servers: {
    laurel: nested,
    postgraphile: {
      query: 'query ($first: Int!) { topPlacesList(size: $first) { rank score nickname } }',
      variables: () => ({ first: 50 }),
      answer: ({ topPlacesList }) => topPlacesList.map(toRow),
    },
    mercurius: nested,
  },
  transaction: () => ({ settings: [], values: [] }),
};
