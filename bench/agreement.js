import { isDeepStrictEqual, inspect } from 'node:util';
import { withClient } from './postgres.js';
import { operationFor } from './scenarios/operation.js';
import { submit } from './scenarios/submit.js';
import { userId } from './ids.js';
import { ask } from './servers.js';

const SAMPLE = 5;

/**
 * Asks every server the same and compares the answers.
 * @returns how many answers were compared @throws Error at the first difference
 */
export async function checkAgreement(servers, scenario, players) {
  const inputs = scenario.inputs(players);
  const sample = inputs.filter((_, index) => index % Math.ceil(inputs.length / SAMPLE) === 0);
  let compared = 0;
  for (const input of sample) {
    const expected = await answerOf(servers, 'laurel', scenario, input);
    for (const name of Object.keys(scenario.servers).filter((other) => other !== 'laurel')) {
      const answer = await answerOf(servers, name, scenario, input);
      if (!isDeepStrictEqual(answer, expected)) {
        throw new Error(`${name} and laurel differ in ${scenario.title}: ${show(answer)} is not ${show(expected)}`);
      }
      compared += 1;
    }
  }
  return compared;
}

/**
 * Submits through each server, and compares what it answers with what the tables say before and after.
 * @returns how many answers were compared
 */
export async function checkSubmissions(servers, url, season, players) {
  const inputs = submit.inputs(players);
  const names = Object.keys(submit.servers);
  await withClient(url, async (client) => {
    for (const [index, name] of names.entries()) {
      const input = inputs[index];
      const before = await placeOf(client, season, input);
      const answer = await answerOf({ ...servers }, name, submit, input);
      const expected = { improved: true, previousScore: before.score, previousRank: before.rank };
      const after = await placeOf(client, season, input);
      if (!isDeepStrictEqual(answer, expected) || after.score !== input.score) {
        throw new Error(`${name} answers ${show(answer)} to a submission, and not ${show(expected)}.`);
      }
    }
  });
  return names.length;
}

async function placeOf(client, season, { viewer }) {
  const { rows } = await client.query(
    `select s.score::float8 as score, 1 + (
        select count(*)::int from standings b where b.season_id = s.season_id and b.ranked and b.sort_score < s.sort_score
      ) as rank from standings s where s.season_id = $1 and s.user_id = $2`,
    [season, userId(viewer)],
  );
  return rows[0];
}

async function answerOf(servers, name, scenario, input) {
  const data = await ask(servers[name], await operationFor(scenario, name, input));
  return scenario.servers[name].answer(data);
}

const show = (value) => inspect(value, { depth: 5, maxArrayLength: 8, breakLength: Infinity });
