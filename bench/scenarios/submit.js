import { allViewers, viewerValues } from './viewers.js';

const toSubmitted = ({ improved, previousScore, previousRank }) => ({
  improved,
  previousScore: previousScore === null ? null : Number(previousScore),
  previousRank,
});

/** Above every score loaded. Players' scores lie apart, as players do: else all would move the same few counts. */
const LOWEST = 1_000_000;
const SPREAD = 1_000_000;
const APART = 7919;
const PGBENCH_SCORES = `random(${LOWEST}, ${LOWEST + SPREAD - 1})`;

let submissions = 0;

/** A score better than all that this player had before, so that every submission moves a standing. */
function nextScore(viewer) {
  submissions += 1;
  return LOWEST + ((viewer * APART) % SPREAD) + submissions;
}

/** A signed-in player submits a score that improves the standing. */
export const submit = {
  name: 'submit',
  title: 'submitScore',
  inputs: (players) => allViewers(players).map((input) => ({ ...input, score: nextScore(input.viewer) })),
  /** What changes from request to request, besides the player. */
  renew: (input) => ({ ...input, score: nextScore(input.viewer) }),
  servers: {
    laurel: {
      query: `mutation ($score: SafeInt!) { submitScore(input: { score: $score }) {
        improved previousScore previousRank } }`,
      variables: ({ score }) => ({ score }),
      answer: ({ submitScore }) => toSubmitted(submitScore),
    },
    postgraphile: {
      query: `mutation ($score: BigInt!) { submitScore(input: { score: $score }) {
        result { improved previousScore previousRank } } }`,
      variables: ({ score }) => ({ score: String(score) }),
      answer: ({ submitScore }) => toSubmitted(submitScore.result),
    },
  },
  transaction: (players, inputs) => ({
    // Any player: more than can sign in here, so that two clients seldom wait for the same one.
    settings: [`\\set n random(1, ${players})`, `\\set score ${PGBENCH_SCORES}`, '\\set sort_score -:score'],
    values: [
      ...viewerValues(inputs),
      { recorded: inputs.map(({ score }) => score), sql: ':score::bigint' },
      { recorded: inputs.map(({ score }) => -score), sql: ':sort_score::bigint' },
    ],
  }),
};
