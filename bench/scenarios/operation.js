import { signAccessToken } from '../../dist/src/account/token.js';
import { sessionId, userId } from '../ids.js';
import { TOKEN_SECRET } from '../laurel.js';

const secret = Buffer.from(TOKEN_SECRET);

/** One operation of a scenario in a server's own words. @returns what `ask` of servers.js takes */
export async function operationFor(scenario, server, input) {
  const { query, variables } = scenario.servers[server];
  const operation = { query, variables: variables(input) };
  if (input.viewer === undefined) {
    return operation;
  }
  // Tokens last for 15 minutes: made anew for each measurement.
  const { token } = await signAccessToken(secret, userId(input.viewer), sessionId(input.viewer));
  return { ...operation, token };
}
