import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { newId } from '../../src/shared/ids.js';
import type { ImportReport } from '../../src/transfer/import/report.js';
import {
  cleanExport,
  digitsOf,
  faultyExport,
  post,
  POST_FAULTS,
  POSTS,
  rejectAll,
  type Row,
  token,
  TOKEN_FAULTS,
  TOKENS,
  user,
  USER_FAULTS,
  USERS,
} from './community-model.js';
import { figures, isProven, type Move, moveExport, rejectedRows } from './community-support.js';
import { scratchFolder } from './csv-support.js';
import { openTarget, type TestTarget } from './game-support.js';
import { policies } from './support.js';

let open: TestTarget;
let folder: ReturnType<typeof scratchFolder>;
beforeEach(async () => {
  open = await openTarget();
  folder = scratchFolder();
});
afterEach(async () => {
  await open.close();
  folder.remove();
});

const move = (content: unknown, options?: Move): Promise<ImportReport> =>
  moveExport(open.target, folder.path, content, options);
const sql = <T extends object>(text: string, values?: unknown[]): Promise<T[]> => open.target.query<T>(text, values);
const count = async (from: string): Promise<number> =>
  (await sql<{ n: number }>(`select count(*)::integer as n from ${from}`))[0]!.n;
const found = ({ findings }: ImportReport): [string, string | null, number][] =>
  findings.map(({ kind, table, column, rows }) => [`${table}: ${kind}`, column, rows]);

interface Player {
  nickname: string;
  email?: string;
  /** Left out: it was confirmed. */
  unconfirmed?: true;
  /** SQL of further columns. */
  and?: string;
}

async function player({ nickname, email, unconfirmed, and = '' }: Player): Promise<string> {
  const id = newId();
  await sql('insert into users (id, nickname, email, email_verified_at) values ($1, $2, $3, $4)', [
    id,
    nickname,
    email ?? null,
    email === undefined || unconfirmed ? null : '2025-01-01',
  ]);
  if (and !== '') {
    await sql(`update users set ${and} where id = $1`, [id]);
  }
  return id;
}

/** What is kept of a user of the export. */
async function stored(email: string): Promise<Row | undefined> {
  const [row] = await sql<Row>(
    `select u.id, u.nickname, u.email, u.email_verified_at::text as verified, u.picture_url as picture,
        u.created_at::text as created, u.updated_at::text as updated, u.password_hash as password, u.birth_date as birth,
        u.role, u.look_alike_kept as kept, i.provider, i.subject, i.email as address, i.email_verified as vouched,
        i.picture_url as "pictureThere", i.created_at::text as "identityCreated", i.last_used_at::text as used
      from identities i join users u on u.id = i.user_id where i.email = $1`,
    [email],
  );
  return row;
}

describe('an export of several hundred rows', () => {
  test('is moved whole, with a proof, and everybody keeps what they had', async () => {
    const report = await move(cleanExport());
    expect(report.findings).toEqual([]);
    expect(figures(report)).toEqual({
      users: [USERS, USERS, 0, 0, 0, 0],
      posts: [POSTS, POSTS, 0, 0, 0, 0],
      token_blacklist: [TOKENS, TOKENS, 0, 0, 0, 0],
    });
    expect(isProven(report)).toBe(true);
    expect(report).toMatchObject({ mode: 'community', notCarried: [], rejects: [] });
    expect(report.notes).toEqual([expect.stringMatching(/: github \(80\), one \(80\), two \(80\)\. .*OIDC_PROVIDERS/)]);

    expect(await stored('Person1@example.com')).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      nickname: `ada lovelace${digitsOf('person1@example.com')}`,
      email: 'Person1@example.com',
      verified: '2025-02-11 08:01:00.100002+00',
      picture: 'https://pictures.example.com/1.png',
      created: '2025-02-11 08:01:00.100002+00',
      updated: '2026-02-10 23:01:00.100002+00',
      password: null,
      birth: null,
      role: 'user',
      kept: false,
      provider: 'two',
      subject: 'subject-1',
      address: 'Person1@example.com',
      vouched: true,
      pictureThere: 'https://pictures.example.com/1.png',
      identityCreated: '2025-02-11 08:01:00.100002+00',
      used: '2026-02-10 23:01:00.100002+00',
    });
    // Nobody vouches for this address, nothing was changed since, and the id is beyond JavaScript's numbers.
    expect(await stored('Person105@example.com')).toMatchObject({
      email: null,
      verified: null,
      address: 'Person105@example.com',
      vouched: false,
      subject: '100000000000000000105',
      created: '2025-07-15 08:45:00.100106+00',
      updated: '2025-07-15 08:45:00.100106+00',
    });
    expect(
      await sql(
        `select p.title, p.content, p.version, p.created_at::text as created, p.updated_at::text as updated, i.subject
          from posts p join identities i on i.user_id = p.author_id where p.legacy_id = 'post-7'`,
      ),
    ).toEqual([
      {
        title: 'Title 7',
        content: 'Content of 7\nwith "quotes", \\ and tabs\t',
        version: 1,
        created: '2025-08-17 08:07:00.100008+00',
        updated: '2026-08-17 08:07:00.100008+00',
        subject: 'subject-7',
      },
    ]);
    expect(await sql(`select length(content)::integer as n from posts where legacy_id = 'post-50'`)).toEqual([
      { n: 200_000 },
    ]);
    expect(
      await sql(`select refused_at::text as at from refused_tokens
        where token_hash = sha256(convert_to('header.payload-3.signature', 'UTF8'))`),
    ).toEqual([{ at: '2025-04-13 08:03:00.100004+00' }]);
  });

  test('gives everybody a nickname of their own, which is the same whenever it is moved', async () => {
    await player({ nickname: 'Grace Hopper' });
    const names = cleanExport();
    await move(names, { reservedNicknames: ['김민준'] });
    const first = await sql<Row>(
      'select i.email, u.nickname from identities i join users u on u.id = i.user_id order by 1',
    );
    const of = Object.fromEntries(first.map(({ email, nickname }) => [email, nickname]));
    // The earliest of those who look alike has the name bare.
    expect([0, 1, 2].map((index) => of[`Person${index}@example.com`])).toEqual([
      'Ada Lovelace',
      `ada lovelace${digitsOf('person1@example.com')}`,
      `Аda Lovelace${digitsOf('person2@example.com')}`,
    ]);
    // Reserved.
    expect(of['Person30@example.com']).toBe(`김민준${digitsOf('person30@example.com')}`);
    expect(Object.values(of)).not.toContain('김민준');
    expect(of['Person7@example.com']).toBe(`Grace Hopper${digitsOf('person7@example.com')}`);
    expect(of['Person5@example.com']).toMatch(/^player(\d{6})?$/);
    expect(new Set(Object.values(of)).size).toBe(USERS);
    expect(await count('users where look_alike_kept')).toBe(0);

    await open.close();
    open = await openTarget();
    await player({ nickname: 'Grace Hopper' });
    await move(names, { reservedNicknames: ['김민준'] });
    expect(
      await sql('select i.email, u.nickname from identities i join users u on u.id = i.user_id order by 1'),
    ).toEqual(first);
  });

  test('with every fault there is ends the run, which says what it found and changes nothing', async () => {
    const report = await move(faultyExport());
    expect(report.outcome).toBe('findings');
    expect(new Set(report.findings.map(({ kind }) => kind))).toEqual(
      new Set([
        'values',
        'null-values',
        'emails',
        'duplicates',
        'email-collisions',
        'length',
        'dates',
        'encoding',
        'nul-bytes',
        'orphans',
      ]),
    );
    expect(await count('users')).toBe(0);
    expect(await count('posts')).toBe(0);
    expect(await count('refused_tokens')).toBe(0);
  });

  test('with every fault rejected has all else here, and each rejected row in a file with its reason', async () => {
    const content = faultyExport();
    const report = await move(content, { policies: rejectAll(), rejects: join(folder.path, 'rejected') });
    expect(figures(report)).toEqual({
      users: [USERS + USER_FAULTS.length, USERS, 0, 0, USER_FAULTS.length, 0],
      posts: [POSTS + POST_FAULTS.length, POSTS, 0, 0, POST_FAULTS.length, 0],
      token_blacklist: [TOKENS + TOKEN_FAULTS.length, TOKENS, 0, 0, TOKEN_FAULTS.length, 0],
    });
    expect(isProven(report)).toBe(true);
    for (const [table, faults, clean] of [
      ['users', USER_FAULTS, USERS],
      ['posts', POST_FAULTS, POSTS],
      ['token_blacklist', TOKEN_FAULTS, TOKENS],
    ] as const) {
      const rows = rejectedRows(join(folder.path, 'rejected'), table);
      const reasons = Object.fromEntries(rows.map(({ entry, _reasons: reason }) => [entry, reason]));
      expect([table, reasons]).toEqual([
        table,
        Object.fromEntries(faults.map(([reason], index) => [String(clean + index + 1), reason])),
      ]);
    }
    const first = rejectedRows(join(folder.path, 'rejected'), 'users').find(({ entry }) => entry === '241');
    expect(first).toMatchObject({
      email: 'Person1000@example.com',
      name: '',
      fault: 'name is to be a text, and is 5',
    });
    expect(report.rejects.map((path) => path.split('/').at(-1)).toSorted()).toEqual([
      'posts.csv',
      'token_blacklist.csv',
      'users.csv',
    ]);
  });

  test('says neither who nor which token a finding is about', async () => {
    const report = await move(faultyExport());
    const said = JSON.stringify(report);
    expect(said).not.toMatch(/@example\.com|payload-|signature/);
    expect(
      report.findings.find(({ kind, table }) => kind === 'duplicates' && table === 'token_blacklist'),
    ).toMatchObject({
      samples: ['entry 95'],
    });
  });

  test('with repairs keeps the first of what is there twice, and leaves out what is no picture', async () => {
    const report = await move(
      {
        users: [
          user(1),
          user(2, { email: 'Person1@example.com' }),
          user(3, { provider: 'two', provider_id: 'subject-1' }),
        ],
        posts: [post(1), post(1, { title: 'again' })],
        token_blacklist: [token(1), token(1, { blacklisted_at: null })],
      },
      { policies: policies({ duplicates: 'first' }) },
    );
    expect(figures(report)).toEqual({
      users: [3, 1, 0, 0, 0, 2],
      posts: [2, 1, 0, 0, 0, 1],
      token_blacklist: [2, 1, 0, 0, 0, 1],
    });
    expect(isProven(report)).toBe(true);
    expect(await sql('select title from posts')).toEqual([{ title: 'Title 1' }]);
  });

  test('with NULL in place of what is not what it is to be, has all rows that can be without it', async () => {
    const report = await move(
      {
        users: [
          user(1, { name: 5, picture: ['a'], verified_email: 'yes' }),
          user(2, { provider: {} }),
          user(3, { picture: 'javascript:alert(1)' }),
        ],
      },
      { policies: policies({ values: 'null', 'null-values': 'reject' }), rejects: join(folder.path, 'rejected') },
    );
    expect(isProven(report)).toBe(true);
    expect(figures(report)).toEqual({ users: [3, 2, 0, 0, 1, 0] });
    expect(found(report)).toEqual([
      ['users: values', null, 2],
      ['users: null-values', 'provider', 1],
      ['users: values', 'picture', 1],
    ]);
    expect(await sql('select nickname, email, picture_url as picture from users order by created_at')).toEqual([
      { nickname: 'player', email: null, picture: null },
      { nickname: '김민준', email: null, picture: null },
    ]);
  });

  test('in a dry run changes nothing', async () => {
    const report = await move(cleanExport(), { dryRun: true });
    expect(report).toMatchObject({ outcome: 'checked', findings: [] });
    expect(await count('users')).toBe(0);
  });

  test('needs the zone of times that have none', async () => {
    const report = await move(cleanExport(), { timeZone: undefined });
    expect(report.outcome).toBe('findings');
    expect(new Set(report.findings.map(({ kind }) => kind))).toEqual(new Set(['time-zones']));
    const moved = await move({ users: [user(1, { updated_at: null })] }, { timeZone: 'Asia/Seoul' });
    expect(moved.outcome).toBe('done');
    expect(await stored('Person1@example.com')).toMatchObject({ created: '2025-02-10 23:01:00.100002+00' });
  });

  test('of tokens without times refuses them since the run', async () => {
    const report = await move({ blacklist: ['one', 'two'] });
    expect(report.notes).toEqual(['Tokens without a time, which are refused since the time of this run: 2']);
    expect(await count(`refused_tokens where refused_at between now() - interval '1 minute' and now()`)).toBe(2);
  });
});

describe('people who are players already', () => {
  const ada = (rest: Row = {}): Row => user(1, { email: 'ada@example.com', verified_email: true, ...rest });

  test('by an address that both sides vouch for have to be spoken of, and then the account is theirs', async () => {
    const id = await player({ nickname: 'Countess', email: 'Ada@example.com' });
    const content = { users: [ada()], posts: [post(1, { author_email: 'ADA@example.com' })] };
    const refused = await move(content);
    expect([refused.outcome, found(refused)]).toEqual(['findings', [['users: accounts', 'email', 1]]]);
    const [before] = await sql<Row>('select * from users');

    const report = await move(content, { policies: policies({ accounts: 'link' }) });
    expect(isProven(report)).toBe(true);
    expect(figures(report)['users']).toEqual([1, 1, 0, 0, 0, 0]);
    expect(report.notes).toContainEqual('People who have an account that was there: 1');
    expect(await sql<Row>('select * from users')).toEqual([before]);
    expect(await stored('ada@example.com')).toMatchObject({ id, nickname: 'Countess', subject: 'subject-1' });
    expect(await sql('select author_id as id from posts')).toEqual([{ id }]);
  });

  test.each<[string, Player, Row]>([
    ['the provider does not vouch for it', { nickname: 'A', email: 'ada@example.com' }, { verified_email: false }],
    ['the export says nothing of that', { nickname: 'A', email: 'ada@example.com' }, { verified_email: null }],
    ['the player has never confirmed it', { nickname: 'A', email: 'ada@example.com', unconfirmed: true }, {}],
    ['the account is deleted', { nickname: 'A', email: 'ada@example.com', and: 'deleted_at = now()' }, {}],
    ['the account is suspended', { nickname: 'A', email: 'ada@example.com', and: 'suspended_at = now()' }, {}],
    ['it is the same in another Unicode form alone', { nickname: 'A', email: 'ａda@example.com' }, {}],
  ])('are nobody else where %s', async (_what, there, row) => {
    const id = await player(there);
    await sql(
      `insert into identities (id, user_id, provider, subject, email, email_verified) values ($1, $2, 'one', 's', $3, true)`,
      [newId(), id, there.email],
    );
    const content = { users: [ada(row)], posts: [post(1, { author_email: 'ada@example.com' })] };
    const refused = await move(content, { policies: policies({ accounts: 'link' }) });
    expect([refused.outcome, found(refused)[0]]).toEqual(['findings', ['users: email-collisions', 'email', 1]]);

    const report = await move(content, {
      policies: rejectAll({ accounts: 'link' }),
      rejects: join(folder.path, 'rejected'),
    });
    // A post of theirs is not the player's either.
    expect(figures(report)).toMatchObject({ users: [1, 0, 0, 0, 1, 0], posts: [1, 0, 0, 0, 1, 0] });
    expect(await count('identities')).toBe(1);
    expect(await count('posts')).toBe(0);
  });

  test.each<[string, string, Partial<Row>]>([
    ['has lost the address', 'update users set email_verified_at = null', {}],
    ['was suspended', 'update users set suspended_at = now()', {}],
    [
      'is not theirs, who have signed in to another one',
      `with other as (insert into users (id, nickname) values (gen_random_uuid(), 'Other') returning id)
        insert into identities (id, user_id, provider, subject) select gen_random_uuid(), id, 'two', 'subject-1' from other`,
      {},
    ],
    ['is there only now', `update users set email = 'new@example.com'`, { email: 'new@example.com' }],
  ])('between the checks and the writing end the run: the account %s', async (_what, meanwhile, row) => {
    await player({ nickname: 'Countess', email: 'ada@example.com' });
    let done: Promise<unknown> | undefined;
    const run = move(
      { users: [ada(row)] },
      {
        policies: policies({ accounts: 'link' }),
        onProgress: ({ phase }) => {
          // Comes before the statements of the writing.
          done ??= phase === 'writing' ? sql(meanwhile) : undefined;
        },
      },
    );
    await expect(run).rejects.toThrow(/^Accounts of 1 people were made or changed during the run\. .* Run it again\.$/);
    expect(await done).toBeDefined();
    expect(await count('identities')).toBe(0);
  });

  test('who have signed in here with that provider are told of, and merged', async () => {
    const id = await player({ nickname: 'Countess' });
    await sql(`insert into identities (id, user_id, provider, subject) values ($1, $2, 'two', 'subject-1')`, [
      newId(),
      id,
    ]);
    const refused = await move({ users: [user(1)] });
    expect(found(refused)).toEqual([['users: duplicates', 'provider_id', 1]]);
    const content = { users: [user(1)], posts: [post(1)] };
    const report = await move(content, { merge: 'newer' });
    expect(figures(report)).toEqual({ users: [1, 0, 1, 0, 0, 0], posts: [1, 1, 0, 0, 0, 0] });
    expect(await sql('select author_id as id from posts')).toEqual([{ id }]);
    expect(await sql('select nickname, email from users')).toEqual([{ nickname: 'Countess', email: null }]);
  });

  test('are the authors of posts without a user, where their provider vouches for the address', async () => {
    const [ours, unknown] = [
      await player({ nickname: 'Ours', email: 'ours@example.com' }),
      await player({ nickname: 'Unknown', email: 'unknown@example.com' }),
    ];
    await sql(
      `insert into identities (id, user_id, provider, subject, email, email_verified) values ($1, $2, 'one', 's', $3, true)`,
      [newId(), ours, 'ours@example.com'],
    );
    expect(unknown).toBeDefined();
    const report = await move(
      { posts: [post(1, { author_email: 'OURS@example.com' }), post(2, { author_email: 'unknown@example.com' })] },
      { policies: rejectAll(), rejects: join(folder.path, 'rejected') },
    );
    expect(figures(report)).toEqual({ posts: [2, 1, 0, 0, 1, 0] });
    expect(await sql('select author_id as id from posts')).toEqual([{ id: ours }]);
  });
});

describe('a later export', () => {
  const content = { users: [user(1), user(2)], posts: [post(1), post(2)], token_blacklist: [token(1)] };

  test('is refused without --merge, and changes nothing with it where all is the same', async () => {
    await move(content);
    await expect(move(content)).rejects.toThrow(
      /moved here before: there are posts and refused tokens of one\. Nothing was changed\. Add --merge newer or --merge fail/,
    );
    const before = await sql('select * from users order by id');
    for (const merge of ['newer', 'fail'] as const) {
      const report = await move(content, { merge });
      expect(isProven(report)).toBe(true);
      expect(figures(report)).toEqual({
        users: [2, 0, 2, 0, 0, 0],
        posts: [2, 0, 2, 0, 0, 0],
        token_blacklist: [1, 0, 1, 0, 0, 0],
      });
    }
    expect(await sql('select * from users order by id')).toEqual(before);
  });

  test('brings what is new, and of posts what was changed later; of people and tokens Laurel stays as it is', async () => {
    await move(content);
    await sql(`update posts set title = 'Edited here', updated_at = '2030-01-01' where legacy_id = 'post-2'`);
    const later = {
      users: [user(1, { name: 'Renamed', picture: null }), user(2), user(3)],
      posts: [
        post(1, { title: 'Edited there', updated_at: '2027-01-01T00:00:00.000001Z' }),
        post(2, { title: 'Edited there' }),
        post(3),
      ],
      token_blacklist: [token(1, { blacklisted_at: '2020-01-01T00:00:00' }), token(2)],
    };
    const before = await stored('Person1@example.com');
    const report = await move(later, { merge: 'newer' });
    expect(isProven(report)).toBe(true);
    expect(figures(report)).toEqual({
      users: [3, 1, 2, 0, 0, 0],
      posts: [3, 1, 2, 1, 0, 0],
      token_blacklist: [2, 1, 1, 0, 0, 0],
    });
    expect(await stored('Person1@example.com')).toEqual(before);
    expect(await sql('select title, version, updated_at::text as updated from posts order by legacy_id')).toEqual([
      { title: 'Edited there', version: 2, updated: '2027-01-01 00:00:00.000001+00' },
      { title: 'Edited here', version: 1, updated: '2030-01-01 00:00:00+00' },
      { title: 'Title 3', version: 1, updated: '2026-04-13 08:03:00.100004+00' },
    ]);
    expect(await count(`refused_tokens where refused_at < '2021-01-01'`)).toBe(0);
  });

  test('does not bring back what its author has deleted here', async () => {
    await move(content);
    await sql(`update posts set deleted_at = now() where legacy_id = 'post-1'`);
    const report = await move(
      { posts: [post(1, { title: 'Edited there', updated_at: '2027-01-01T00:00:00Z' })], users: [user(1)] },
      { merge: 'newer' },
    );
    expect(figures(report)['posts']).toEqual([1, 0, 1, 0, 0, 0]);
    expect(await count(`posts where legacy_id = 'post-1' and deleted_at is not null and title = 'Title 1'`)).toBe(1);
  });

  test('with --merge fail has to say the same', async () => {
    await move(content);
    const report = await move(
      {
        users: [user(1, { picture: null })],
        posts: [post(2, { title: 'Edited there' })],
        token_blacklist: [token(1, { blacklisted_at: '2020-01-01T00:00:00' })],
      },
      { merge: 'fail', policies: policies() },
    );
    expect(report.outcome).toBe('findings');
    expect(found(report)).toEqual([
      ['users: duplicates', null, 1],
      ['posts: duplicates', null, 1],
      ['token_blacklist: duplicates', null, 1],
    ]);
  });

  test('with a post of that number by somebody else is told of', async () => {
    await move(content);
    const report = await move(
      { users: [user(1), user(2)], posts: [post(1, { author_email: 'person2@example.com' })] },
      { merge: 'newer' },
    );
    expect(found(report)).toEqual([['posts: duplicates', 'id', 1]]);
  });
});

test('the export of the documents moves as they say, from what the old service kept by keys', async () => {
  const content = readFileSync(new URL('../fixtures/community.json', import.meta.url), 'utf8');
  const report = await move(content, {
    policies: policies({ orphans: 'reject', 'email-collisions': 'reject' }),
    rejects: join(folder.path, 'rejected'),
  });
  expect(isProven(report)).toBe(true);
  expect(figures(report)).toEqual({
    users: [5, 4, 0, 0, 1, 0],
    posts: [3, 2, 0, 0, 1, 0],
    token_blacklist: [2, 2, 0, 0, 0, 0],
  });
  expect(report.notCarried.map(({ name }) => name)).toEqual(['oauth_states', 'users.theme']);
  expect(
    await sql(
      `select u.nickname, u.email, i.provider, i.subject from users u join identities i on i.user_id = u.id
        order by u.created_at`,
    ),
  ).toEqual([
    { nickname: 'Ada Lovelace', email: 'ada@example.com', provider: 'google', subject: '117409338412345678901' },
    { nickname: 'Grace Hopper', email: 'grace@example.com', provider: 'github', subject: '583231' },
    { nickname: '지민', email: null, provider: 'kakao', subject: '2890114417' },
    {
      nickname: 'ada lovelace899755',
      email: 'other.ada@example.com',
      provider: 'google',
      subject: '117409338412345678902',
    },
  ]);
});

test('the tokens themselves are nowhere in the database, nor in the report', async () => {
  const report = await move({ token_blacklist: [token(1)] });
  expect(JSON.stringify(report)).not.toContain('payload-1');
  expect(readFileSync(join(folder.path, 'export.json'), 'utf8')).toContain('payload-1');
  expect(await sql('select token_hash from refused_tokens')).toEqual([{ token_hash: expect.anything() }]);
});
