import { isDeepStrictEqual } from 'node:util';
import { isDataId } from './ids.js';
import utils from 'pg/lib/utils.js';

/*
 * Makes pgbench scripts, and SQL functions, of the statements that Laurel sends. One operation is recorded twice with
 * different input; where the two recordings differ, the script has an expression instead of the value.
 */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * SQL for the id of a new row: UUIDv7, as the server makes them, so that it lands at the end of the index as well.
 */
const NEW_ID = `(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
  || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid`;

/**
 * The two recordings as one list of statements, each value either `{ sql }`, an expression, or `{ constant }`.
 * @param first, second what recordStatements gives for the two inputs
 * @param {{ recorded: [unknown, unknown], sql: string }[]} inputs what was different, and what it is in the script
 * @returns {{ text: string, values: object[], columns?: object[] }[]}
 * @throws Error where the two inputs did not lead to the same statements
 */
export function toTemplate(first, second, inputs) {
  const rest = [...second];
  return first.map(({ text, values, columns }) => {
    // Statements that do not wait for each other need not come in the same order twice.
    const index = rest.findIndex((other) => other.text === text);
    if (index < 0 || first.length !== second.length) {
      throw new Error(
        `Requests that differ in their variables alone sent different statements:\n${list(first)}\n\n${list(second)}`,
      );
    }
    const [other] = rest.splice(index, 1);
    return { text, columns, values: values.map((value, place) => toValue(value, other.values[place], inputs)) };
  });
}

const list = (statements) => statements.map(({ text }) => text.replaceAll(/\s+/g, ' ').slice(0, 100)).join('\n');

function toValue(one, other, inputs) {
  const input = inputs.find(({ recorded }) => isDeepStrictEqual([one, other].map(String), recorded.map(String)));
  if (input !== undefined && !Array.isArray(one)) {
    return { sql: input.sql };
  }
  if (isDeepStrictEqual(one, other)) {
    return { constant: one };
  }
  if (Array.isArray(one) && one.length === other.length) {
    const items = one.map((item, index) => toValue(item, other[index], inputs));
    // Where a list comes from an earlier answer, the script asks for the same rows each time.
    return items.some(({ sql }) => sql) ? { items } : { constant: one };
  }
  if (isMade(one) && isMade(other)) {
    return { sql: NEW_ID };
  }
  const [document, otherDocument] = [parseJson(one), parseJson(other)];
  return document && otherDocument ? { sql: toJson(document, otherDocument, inputs) } : { constant: one };
}

/** @returns undefined for what is no JSON array or object in text */
function parseJson(value) {
  try {
    return typeof value === 'string' && /^[[{]/.test(value) ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}

/** SQL that builds the document, with expressions where the two differ. */
function toJson(one, other, inputs) {
  if (Array.isArray(one)) {
    return `jsonb_build_array(${one.map((item, index) => toJson(item, other?.[index], inputs)).join(', ')})`;
  }
  if (one !== null && typeof one === 'object') {
    const members = Object.keys(one).map((key) => `'${key}', ${toJson(one[key], other?.[key], inputs)}`);
    return `jsonb_build_object(${members.join(', ')})`;
  }
  const { sql, constant } = toValue(one, other, inputs);
  if (sql !== undefined) {
    return sql;
  }
  return typeof constant === 'string' ? `${utils.escapeLiteral(constant)}::text` : String(constant);
}

const isMade = (value) => typeof value === 'string' && UUID.test(value) && !isDataId(value);

/**
 * The template as a pgbench script.
 * @param {string[]} settings lines before the statements, such as `\set n random(1, 10)`
 * @returns {{ script: string, constants: Record<string, string> }} the constants are for pgbench's option -D, so that
 *   they are sent as parameters, as the server does
 */
export function toPgbench(template, settings) {
  const constants = {};
  const statements = template.map(({ text, values }) =>
    fill(text, values, (value) => {
      const name = `constant${Object.keys(constants).length + 1}`;
      constants[name] = value;
      return `:${name}`;
    }),
  );
  return { script: `${[...settings, ...statements.map((text) => `${text.trim()}\n;`)].join('\n')}\n`, constants };
}

/** The template's statements with their values in place, for the body of an SQL function. */
export function toStatements(template) {
  return template.map(({ text, values }) => fill(text, values, (value) => utils.escapeLiteral(value)));
}

function fill(text, values, constant) {
  return text.replaceAll(/\$(\d+)/g, (_, number) => toSql(values[number - 1], constant));
}

function toSql({ sql, items, constant: value }, constant) {
  if (sql !== undefined) {
    return sql;
  }
  if (items !== undefined) {
    return `array[${items.map((item) => toSql(item, constant)).join(', ')}]`;
  }
  const text = utils.prepareValue(value);
  return text === null || text === undefined ? 'null' : constant(String(text));
}
