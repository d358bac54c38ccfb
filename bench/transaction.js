import { recordStatements } from './recording.js';
import { operationFor } from './scenarios/operation.js';
import { toPgbench, toTemplate } from './script.js';

/**
 * What Laurel sends for each of these scenarios as a pgbench transaction, with random players.
 * @param wanted which of the statements; all where left out
 * @returns them in the order of the scenarios
 */
export async function toTransactions(url, scenarios, players, wanted = () => true) {
  const prepared = scenarios.map((scenario) => {
    const inputs = twoInputs(scenario, players);
    return { scenario, inputs, ...scenario.transaction(players, inputs) };
  });
  const templates = await recordTemplates(url, prepared);
  return templates.map((template, index) => {
    const statements = template.filter((statement) => wanted(statement));
    if (statements.length === 0) {
      throw new Error(`Nothing that Laurel sends for ${scenarios[index].title} is what was to be measured.`);
    }
    return toPgbench(statements, prepared[index].settings);
  });
}

/** Two inputs of a scenario that differ wherever inputs can. */
export function twoInputs(scenario, players) {
  const [first, second = first] = scenario.inputs(players);
  return [first, second];
}

/**
 * What Laurel sends for scenarios, with expressions for what follows from the input: see script.js.
 * @param {{ scenario: object, inputs: [object, object], values: object[] }[]} wanted
 */
export async function recordTemplates(url, wanted) {
  const operations = await Promise.all(
    wanted.flatMap(({ scenario, inputs }) => inputs.map((input) => operationFor(scenario, 'laurel', input))),
  );
  const recordings = recordStatements(url, operations);
  return wanted.map(({ values }, index) => toTemplate(recordings[2 * index], recordings[2 * index + 1], values));
}
