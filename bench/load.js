import autocannon from 'autocannon';
import { operationFor } from './scenarios/operation.js';
import { bodyOf, headersOf } from './servers.js';

/** Connections that each keep one request under way. */
export const CONNECTIONS = 16;

const REQUEST_TIMEOUT_SECONDS = 900;

/** Requests of which a measurement can be made. */
const FEWEST = CONNECTIONS;

/**
 * Puts one server under load with a scenario.
 * @returns {Promise<{ perSecond: number, p50: number, p99: number, cpu: number }>} requests, and in milliseconds
 *   latencies and the server process's CPU time a request
 * @throws Error where an answer was none, or had errors
 */
export async function loadServer(server, name, scenario, inputs, seconds) {
  const requests = await Promise.all(inputs.map((input) => toRequest(scenario, name, input)));
  const before = server.cpuMilliseconds();
  const result = await fire(server, requests, { duration: seconds });
  if (failures(result) === 0 && result.requests.total < FEWEST) {
    // So slow that the length of the measurement decides: then the number of requests does.
    const begun = server.cpuMilliseconds();
    const all = await fire(server, requests, { amount: FEWEST });
    return toFigures(all, server.cpuMilliseconds() - begun, scenario, name);
  }
  return toFigures(result, server.cpuMilliseconds() - before, scenario, name);
}

function fire({ url }, requests, extent) {
  let connection = 0;
  return autocannon({
    url,
    connections: CONNECTIONS,
    timeout: REQUEST_TIMEOUT_SECONDS,
    method: 'POST',
    ...extent,
    setupClient: (client) => {
      // Each connection has players of its own, as far as there are enough.
      const lists = Math.min(CONNECTIONS, requests.length);
      const own = requests.filter((_, index) => index % lists === connection % lists);
      connection += 1;
      client.setRequests(own);
    },
    verifyBody: (body) => body.startsWith('{"data"') && !body.includes('"errors"'),
  });
}

function toFigures(result, cpu, scenario, name) {
  if (failures(result) > 0) {
    throw new Error(`${failures(result)} requests of ${scenario.title} to ${name} failed.`);
  }
  const { requests, latency, duration } = result;
  return { perSecond: requests.total / duration, p50: latency.p50, p99: latency.p99, cpu: cpu / requests.total };
}

const failures = ({ non2xx, errors, timeouts, mismatches }) => non2xx + errors + timeouts + mismatches;

async function toRequest(scenario, name, input) {
  const operation = await operationFor(scenario, name, input);
  const request = { method: 'POST', headers: headersOf(operation), body: bodyOf(operation) };
  if (scenario.renew === undefined) {
    return request;
  }
  const { variables } = scenario.servers[name];
  return {
    ...request,
    setupRequest: (sent) => ({ ...sent, body: bodyOf({ ...operation, variables: variables(scenario.renew(input)) }) }),
  };
}
