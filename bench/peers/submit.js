import { userId, sessionId } from '../ids.js';
import { withClient } from '../postgres.js';
import { submit } from '../scenarios/submit.js';
import { toStatements } from '../script.js';
import { recordTemplates, twoInputs } from '../transaction.js';

const TRANSACTION_CONTROL = /^\s*(begin|commit|start transaction|set)\b/i;

/**
 * Makes PostGraphile's mutation: an SQL function of the very statements that Laurel sends for a submission, in PL/pgSQL,
 * which keeps their plans. So it does the same work, and it goes on doing so when the statements change.
 */
export async function createSubmitFunction(url, players) {
  const inputs = twoInputs(submit, players);
  const values = [
    { recorded: inputs.map(({ viewer }) => userId(viewer)), sql: `current_setting('laurel.user_id')::uuid` },
    { recorded: inputs.map(({ viewer }) => sessionId(viewer)), sql: `current_setting('laurel.session_id')::uuid` },
    { recorded: inputs.map(({ score }) => score), sql: '$1' },
    { recorded: inputs.map(({ score }) => -score), sql: '(-$1)' },
  ];
  const [template] = await recordTemplates(url, [{ scenario: submit, inputs, values }]);
  const work = template.filter(({ text }) => !TRANSACTION_CONTROL.test(text));
  const answering = work.find(({ columns }) => columns?.some(({ name }) => name === 'improved'));
  const body = toStatements(work).map((text, index) => {
    const { columns } = work[index];
    if (!columns?.length) {
      return `${text}\n;`;
    }
    return `for ${work[index] === answering ? 'result' : 'ignored'} in ${text}\nloop end loop;`;
  });
  await withClient(url, async (client) => {
    await client.query(`create type peer.submission as (${await columnsOf(client, answering)})`);
    await client.query(`create function peer.submit_score(score bigint) returns peer.submission
      language plpgsql volatile as $function$
      #variable_conflict use_column
      declare
        ignored record;
        result peer.submission;
      begin
        ${body.join('\n')}
        return result;
      end $function$`);
  });
}

async function columnsOf(client, { columns }) {
  const { rows } = await client.query(
    'select format_type(type, null) as type from unnest($1::oid[]) with ordinality as t (type, place) order by place',
    [columns.map(({ type }) => type)],
  );
  return rows.map(({ type }, index) => `"${columns[index].name}" ${type}`).join(', ');
}
