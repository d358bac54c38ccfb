import type { Player, TestServer } from '../support/server.js';
import { errorsOf } from '../account/support.js';

export const SUSPEND = `mutation ($input: SuspendUserInput!) {
  suspendUser(input: $input) { suspension { user { id nickname } since until reason } }
}`;
export const RESTORE = `mutation ($id: ID!) { restoreUser(userId: $id) { user { id nickname } } }`;
export const SUSPENSIONS = `query ($first: Int, $after: String) { suspensions(first: $first, after: $after) {
  nodes { user { id nickname account { email } } since until reason } pageInfo { hasNextPage endCursor } } }`;
export const SET_ROLE = `mutation ($input: SetRoleInput!) { setRole(input: $input) { user { id account { role } } } }`;
const LOG = `query ($id: ID!) { auditLog(targetId: $id) { nodes { action actorKind actorId details } } }`;

/** What the audit log tells of that target, the last first. */
export async function logOf(server: TestServer, targetId: string) {
  const { data } = await server.graphql(LOG, { id: targetId }, 'service');
  return data.auditLog.nodes;
}

/** Suspends for cheating. @throws where that is refused */
export async function suspend(server: TestServer, admin: Player, userId: string, until: string | null = null) {
  const answer = await server.graphql(SUSPEND, { input: { userId, reason: 'Cheating.', until } }, admin);
  if (answer.errors !== undefined) {
    throw new Error(JSON.stringify(errorsOf(answer)));
  }
  return answer.data.suspendUser.suspension;
}
