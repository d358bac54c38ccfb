import { randomUUID } from 'node:crypto';
import type { Row } from '../row.js';
import { refused } from '../row.js';
import { PASSWORD, type Target } from '../target.js';

const LOGIN = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }';
const RESET = 'mutation ($email: EmailAddress!) { requestPasswordReset(email: $email) { accepted } }';
const CHANGE = 'mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { email } }';
const DELETE = 'mutation ($input: DeleteAccountInput!) { deleteAccount(input: $input) { userId } }';

const unknown = (): string => `${randomUUID()}@example.com`;
const login = (target: Target, email: string, password = 'a wrong password') =>
  target.graphql(LOGIN, { input: { email, password } });

async function deletedPlayer(target: Target) {
  const player = await target.player();
  await target.ask(DELETE, { input: { password: PASSWORD } }, { as: player });
  return player;
}

/** Finding out who has an account, or what somebody wants nobody to know. */
export const enumeration: Row[] = [
  {
    name: 'signing in with an email that has no account',
    defence: 'a refused sign-in does not tell why',
    attack: (target) => login(target, unknown()),
    expected: refused.credentials,
    sameAs: async (target) => login(target, (await target.player()).email),
  },
  {
    name: 'signing in to an account without a password',
    defence: 'a refused sign-in does not tell why',
    attack: async (target) => {
      const { id, email } = await target.player();
      await target.sql('update users set password_hash = null where id = $1', [id]);
      return login(target, email, PASSWORD);
    },
    expected: refused.credentials,
    sameAs: (target) => login(target, unknown()),
  },
  {
    name: 'signing in to an account that is deleted for good',
    defence: 'a refused sign-in does not tell why',
    attack: async (target) => {
      const { id, email } = await deletedPlayer(target);
      await target.sql(`update users set deleted_at = now() - interval '31 days' where id = $1`, [id]);
      return login(target, email, PASSWORD);
    },
    expected: refused.credentials,
    sameAs: async (target) => login(target, (await target.player()).email),
  },
  {
    name: 'signing in to a suspended account with a wrong password',
    defence: 'a refused sign-in does not tell why',
    attack: async (target) => {
      const { id, email } = await target.player();
      await target.sql('update users set suspended_at = now() where id = $1', [id]);
      return login(target, email);
    },
    expected: refused.credentials,
    sameAs: (target) => login(target, unknown()),
  },
  {
    name: 'asking for a new password of nobody',
    defence: 'asking for a new password does not tell whose address it is',
    attack: (target) => target.graphql(RESET, { email: unknown() }),
    expected: { status: 200, data: { requestPasswordReset: { accepted: true } } },
    sameAs: async (target) => target.graphql(RESET, { email: (await target.player()).email }),
  },
  {
    name: 'changing to an address that somebody has',
    defence: 'changing an address does not tell whose it is',
    attack: async (target) => {
      const [player, owner] = [await target.player(), await target.player()];
      const answer = await target.graphql(
        CHANGE,
        { input: { newEmail: owner.email, password: PASSWORD } },
        { as: player },
      );
      return { ...answer, body: answer.body.replace(owner.email, 'the address') };
    },
    expected: { status: 200, data: { requestEmailChange: { email: 'the address' } } },
  },
  {
    name: 'looking a deleted player up by id',
    defence: 'who is deleted is not found by id',
    attack: async (target) =>
      target.graphql('query ($id: ID!) { user(id: $id) { id } }', { id: (await deletedPlayer(target)).id }),
    expected: { status: 200, data: { user: null } },
  },
  {
    name: 'looking a deleted player up by nickname',
    defence: 'who is deleted is not found by nickname',
    attack: async (target) =>
      target.graphql('query ($n: String!) { userByNickname(nickname: $n) { id } }', {
        n: (await deletedPlayer(target)).nickname,
      }),
    expected: { status: 200, data: { userByNickname: null } },
  },
  {
    name: 'searching for a deleted player',
    defence: 'who is deleted is not found by search',
    attack: async (target) =>
      target.graphql('query ($n: String!) { users(nicknamePrefix: $n) { nodes { id } } }', {
        n: (await deletedPlayer(target)).nickname,
      }),
    expected: { status: 200, data: { users: { nodes: [] } } },
  },
  {
    name: 'finding out by a request that one is blocked',
    defence: 'who is blocked is not told',
    attack: async (target) => {
      const [player, blocker] = [await target.player(), await target.player()];
      await target.ask(
        'mutation ($id: ID!) { blockUser(userId: $id) { user { id } } }',
        { id: player.id },
        { as: blocker },
      );
      return target.graphql(
        'mutation ($id: ID!) { requestFriendship(userId: $id) { friendship { status } user { viewerFriendship } } }',
        { id: blocker.id },
        { as: player },
      );
    },
    expected: {
      status: 200,
      data: {
        requestFriendship: { friendship: { status: 'PENDING' }, user: { viewerFriendship: 'REQUESTED_BY_VIEWER' } },
      },
    },
  },
];
