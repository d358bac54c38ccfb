import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImportReport } from '../../src/transfer/import/report.js';
import { query, sql } from '../../src/database/query.js';
import { errorsOf, VIEWER } from '../account/support.js';
import { type Finished, laurel } from '../cli/process.js';
import { type SignInServer, startSignInServer } from '../identity/support.js';
import {
  cleanExport,
  faultyExport,
  POST_FAULTS,
  POSTS,
  token,
  TOKEN_FAULTS,
  TOKENS,
  user,
  USER_FAULTS,
  USERS,
} from '../transfer/community-model.js';
import { exportFile, figures, isProven, rejectedRows } from '../transfer/community-support.js';

const ZONE = ['--source-time-zone', 'UTC'];
const KINDS = 'values null-values emails email-collisions length dates encoding nul-bytes orphans duplicates';
const REJECT_ALL = KINDS.split(' ').flatMap((kind) => [`--${kind}`, 'reject']);

let server: SignInServer;
let folder: string;
beforeAll(async () => {
  server = await startSignInServer();
  folder = mkdtempSync(join(tmpdir(), 'laurel-community-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await server.close();
});

type Run = Finished & { report: ImportReport | undefined };

/** `laurel import community` into the server's database. */
async function run(content: unknown, ...words: string[]): Promise<Run> {
  const settings = { DATABASE_URL: server.database.url!, DATA_DIR: join(folder, 'data') };
  const finished = await laurel(
    ['import', 'community', exportFile(folder, content), ...ZONE, '--json', ...words],
    settings,
  );
  const line = finished.output.split('\n').find((each) => each.startsWith('{"source"'));
  return { ...finished, report: line === undefined ? undefined : (JSON.parse(line) as ImportReport) };
}

const rows = <T>(statement: ReturnType<typeof sql<T>>): Promise<T[]> => query(server.database.orm.em.fork(), statement);

describe('laurel import community, into a server that runs', () => {
  test('with faults ends with 1 and changes nothing; in words, it says what to do', async () => {
    const { code, report } = await run(faultyExport());
    expect([code, report?.outcome]).toEqual([1, 'findings']);
    expect(await rows(sql`select from identities`)).toEqual([]);
    const settings = { DATABASE_URL: server.database.url!, DATA_DIR: join(folder, 'data') };
    const inWords = await laurel(['import', 'community', join(folder, 'export.json'), ...ZONE, '--dry-run'], settings);
    expect(inWords.code).toBe(1);
    expect(inWords.output).toMatch(
      /A run would end for .*, orphans\. Nothing was changed\. Correct the source, or say what to do: .*--values … /,
    );
    expect(inWords.output).not.toMatch(/@example\.com|payload-/);
  });

  test('with faults rejected moves all else while players play, proves it, and people sign in to what was theirs', async () => {
    const player = await server.player();
    const content = faultyExport();
    content.token_blacklist.push(
      token(2000, { token: player.accessToken }),
      token(2001, { token: player.refreshToken }),
    );
    const { code, output, report } = await run(content, ...REJECT_ALL, '--rejects', join(folder, 'rejected'));
    expect([code, report?.outcome, output.includes(player.accessToken)]).toEqual([0, 'done', false]);
    expect(isProven(report!)).toBe(true);
    expect(figures(report!)).toEqual({
      users: [USERS + USER_FAULTS.length, USERS, 0, 0, USER_FAULTS.length, 0],
      posts: [POSTS + POST_FAULTS.length, POSTS, 0, 0, POST_FAULTS.length, 0],
      token_blacklist: [TOKENS + TOKEN_FAULTS.length + 2, TOKENS + 2, 0, 0, TOKEN_FAULTS.length, 0],
    });
    expect(rejectedRows(join(folder, 'rejected'), 'users')).toHaveLength(USER_FAULTS.length);

    // The provider knows them by the subject; what else it says by now is taken over as ever.
    const [ada] = await rows(
      sql<{ id: string; nickname: string }>`select u.id, u.nickname from identities i join users u on u.id = i.user_id
        where i.provider = 'one' and i.subject = 'subject-3'`,
    );
    const signedIn = await server.signIn(
      { sub: 'subject-3', email: 'Person3@example.com', name: 'Another Name' },
      'one',
    );
    expect([signedIn.id, signedIn.nickname]).toEqual([ada!.id, ada!.nickname]);
    const { data } = await server.graphql(
      'query ($id: ID!) { posts(authorId: $id, first: 50) { nodes { title } } }',
      { id: ada!.id },
      signedIn,
    );
    expect(data.posts.nodes).toEqual(expect.arrayContaining([{ title: 'Title 3' }, { title: 'Title 243' }]));

    expect(errorsOf(await server.graphql(VIEWER, {}, player))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' },
    ]);
    const refresh = 'mutation ($token: String!) { refreshSession(refreshToken: $token) { accessToken } }';
    expect(errorsOf(await server.graphql(refresh, { token: player.refreshToken }))).toEqual([
      { code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' },
    ]);
  });

  test('once more is refused, and merged changes nothing', async () => {
    const again = await run(cleanExport());
    expect(again.code).toBe(1);
    expect(again.output).toContain('An export of the community was moved here before');
    const merged = await run(cleanExport(), '--merge', 'newer');
    expect([merged.code, isProven(merged.report!)]).toEqual([0, true]);
    expect(figures(merged.report!)).toEqual({
      users: [USERS, 0, USERS, 0, 0, 0],
      posts: [POSTS, 0, POSTS, 0, 0, 0],
      token_blacklist: [TOKENS, 0, TOKENS, 0, 0, 0],
    });
  });

  test('beside people who sign in and write posts ends, and so do they', async () => {
    const people = Array.from({ length: 12 }, (_, index) =>
      server.signIn({ sub: `beside-${index}`, name: `Beside ${index}`, email: `beside${index}@example.com` }),
    );
    const later = { users: Array.from({ length: 200 }, (_, index) => user(5000 + index)) };
    const [moved, ...players] = await Promise.all([run(later, '--merge', 'newer'), ...people]);
    expect([moved.code, moved.report?.outcome]).toEqual([0, 'done']);
    expect(new Set(players.map(({ id }) => id)).size).toBe(12);
  });
});

test('what is no export, and what cannot be asked for, is refused', async () => {
  const { code, output } = await run('{"users": [');
  expect([code, output]).toEqual([
    1,
    expect.stringMatching(/export\.json, line 1, character 12: .* Nothing was changed\./),
  ]);
  const without = await run(cleanExport(), '--orphans', 'reject');
  expect([without.code, without.output]).toEqual([2, expect.stringContaining('there is no folder for them')]);
  const repaired = await run({ users: [user(9000, { email: 'nobody' })] }, '--merge', 'newer', '--emails', 'null');
  expect([repaired.code, repaired.output]).toEqual([
    2,
    expect.stringContaining('The policy null for emails cannot be had for users.email'),
  ]);
});
