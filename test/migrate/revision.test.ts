import 'reflect-metadata';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../../src/account/user.entity.js';
import { entities } from '../../src/database/entities.js';
import type { Entities } from '../../src/database/in-memory.js';
import { MIGRATIONS } from '../../src/database/options.js';
import { query, sql } from '../../src/database/query.js';
import { Block } from '../../src/friendship/block.entity.js';
import { describeCatalog } from '../../src/migrate/catalog.js';
import { checkDatabase } from '../../src/migrate/check.js';
import { MigrationError, UsageError } from '../../src/migrate/errors.js';
import { loadHistory } from '../../src/migrate/history.js';
import { autogenerateRevision, dataRevision, emptyRevision } from '../../src/migrate/new-revision.js';
import { runMigrations } from '../../src/migrate/run.js';
import { openTestDatabase } from '../support/database.js';
import { openCopies } from '../support/dump.js';

const HEAD = readdirSync(MIGRATIONS)
  .flatMap((file) => /^(Migration.*)\.ts$/.exec(file)?.[1] ?? [])
  .toSorted()
  .at(-1)!;

openCopies();

const folders: string[] = [];

/** A copy of the history that can be written to; modules are loaded once, so what was edited goes into a new one. */
function copyOf(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'laurel-revision-'));
  folders.push(folder);
  cpSync(path, folder, { recursive: true, filter: (file) => !file.endsWith('node_modules') });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  return folder;
}

let folder: string;
beforeEach(() => {
  folder = copyOf(MIGRATIONS);
});
afterEach(() => {
  folders.splice(0).forEach((each) => rmSync(each, { recursive: true, force: true }));
});

const generate = (changed: Entities, message = 'change blocks') =>
  autogenerateRevision({ message, folder, entities: changed });

const files = () => readdirSync(folder).filter((file) => file.endsWith('.ts')).length;

interface BlockParts {
  tableName?: string;
  time?: object;
  properties?: object;
  check?: string;
  withoutIndex?: true;
}

/** Laurel's entities, with blocks as these say; what they leave out is as it is. */
function withBlocks({ tableName = 'blocks', time, properties, check, withoutIndex }: BlockParts): Entities {
  const blocks = defineEntity({
    name: 'ChangedBlock',
    tableName,
    properties: {
      blocker: () => side('blocks_blocker_id_fkey'),
      blocked: () =>
        withoutIndex ? side('blocks_blocked_id_fkey') : side('blocks_blocked_id_fkey').index('blocks_blocked_index'),
      ...(time ?? { createdAt: p.datetime(6).defaultRaw('now()') }),
      ...properties,
    },
    indexes: [
      {
        name: 'blocks_newest_index',
        expression: `create index blocks_newest_index on ${tableName} (blocker_id, created_at desc, blocked_id desc)`,
      },
    ],
    checks: [{ name: 'blocks_no_self', expression: check ?? 'blocker_id <> blocked_id' }],
  });
  return [...entities.filter((entity) => entity !== Block), blocks];
}

function side(name: string) {
  return p.manyToOne(User).primary().deleteRule('no action').updateRule('no action').foreignKeyName(name);
}

describe('revision --autogenerate', () => {
  test('says that there is nothing to change, and writes no file', async () => {
    const before = files();
    expect(await autogenerateRevision({ message: 'nothing', folder })).toEqual([]);
    expect(files()).toBe(before);
  });

  test('changes a table with rows in stages, there and back', async () => {
    const Hat = defineEntity({
      name: 'Hat',
      tableName: 'hats',
      properties: { id: p.uuid().primary(), colour: p.string().length(20).index('hats_colour_index') },
    });
    const changed = [
      ...withBlocks({
        properties: {
          reason: p.string().length(200),
          hat: () => p.manyToOne(Hat).nullable().foreignKeyName('blocks_hat_id_fkey').index('blocks_hat_index'),
          ticket: p.integer().nullable().unique('blocks_ticket_unique'),
        },
        check: 'blocker_id is distinct from blocked_id',
        withoutIndex: true,
      }),
      Hat,
    ];
    const written = await generate(changed);
    expect(written).toEqual([
      expect.stringMatching(/Migration\d{14}_change_blocks\.ts$/),
      expect.stringMatching(/Migration\d{14}_change_blocks_online\.ts$/),
    ]);
    const [first, online] = written.map((path) => readFileSync(path, 'utf8'));
    expect(first).toContain(`static readonly after = '${HEAD}'`);
    expect(first).toContain('create table hats');
    expect(first).toMatch(/blocks_no_self[^;]* not valid/);
    expect(online).toContain('isTransactional()');
    expect(online).toContain('create index concurrently blocks_hat_index');
    expect(online).toContain('validate constraint blocks_hat_id_fkey');
    expect(online).toContain('drop index concurrently if exists blocks_blocked_index');

    const database = await openTestDatabase();
    try {
      const em = database.orm.em.fork();
      const before = await describeCatalog(em);
      const [one, two] = ['019a0000-0000-7000-8000-000000000001', '019a0000-0000-7000-8000-000000000002'];
      await query(em, sql`insert into users (id, nickname) values (${one}, 'one'), (${two}, 'two')`);
      await query(em, sql`insert into blocks (blocker_id, blocked_id) values (${one}, ${two})`);

      await expect(runMigrations(database, 'up', 'head', { folder })).rejects.toThrow(
        /blocks\.reason is to be NOT NULL: say what the rows get/,
      );
      const finished = copyOf(folder);
      const path = join(finished, basename(written[1]!));
      writeFileSync(
        path,
        online!.replace(
          /do \$\$\s+begin\s+raise exception[^`]*/,
          `update blocks set reason = 'unknown' where reason is null`,
        ),
      );
      await runMigrations(database, 'up', 'head', { folder: finished });
      expect(await query(em, sql`select reason from blocks`)).toEqual([{ reason: 'unknown' }]);
      const { checks } = await checkDatabase(database, { folder: finished, entities: changed });
      expect(checks.filter(({ right }) => right !== true)).toEqual([]);

      await runMigrations(database, 'down', { name: HEAD }, { folder: finished });
      expect(await describeCatalog(em)).toEqual(before);
      expect(await query(em, sql`select count(*)::int as count from blocks`)).toEqual([{ count: 1 }]);
    } finally {
      await database.close();
    }
  });

  test.each([
    [
      'a column that may have been renamed',
      () => withBlocks({ time: { since: p.datetime(6).defaultRaw('now()') } }),
      'alter table blocks rename column created_at to since',
    ],
    [
      'a table that may have been renamed',
      () => withBlocks({ tableName: 'mutes' }),
      'alter table blocks rename to mutes',
    ],
    [
      'a type of its own',
      () => withBlocks({ properties: { kind: p.enum(['mute', 'hide']).nativeEnumName('block_kind').nullable() } }),
      'cannot be generated',
    ],
    [
      'a type that the database does not have',
      () => withBlocks({ properties: { place: p.string().columnType('geography').nullable() } }),
      'type "geography" does not exist',
    ],
  ])('refuses %s, and writes no file', async (_case, changed, message) => {
    const before = files();
    const attempt = generate(changed());
    await expect(attempt).rejects.toThrow(MigrationError);
    await expect(attempt).rejects.toThrow(message);
    expect(files()).toBe(before);
  });
});

describe('revision', () => {
  test('is empty, and comes after the newest', async () => {
    const path = await emptyRevision({ message: "Add players' avatars!", folder });
    expect(path).toMatch(/Migration\d{14}_add_players_avatars\.ts$/);
    const history = await loadHistory(folder);
    expect(history.at(-1)).toMatchObject({ path, after: [HEAD], up: [], down: [], transactional: true });
  });

  test('for data is a template: it does not run before it is completed, then fills every row', async () => {
    const path = await dataRevision({ message: 'fill zones', folder });
    const database = await openTestDatabase();
    try {
      await expect(runMigrations(database, 'up', 'head', { folder })).rejects.toThrow('this migration is a template');
      const em = database.orm.em.fork();
      await query(
        em,
        sql`insert into users (id, nickname) select gen_random_uuid(), 'p' || n from generate_series(1, 3) n`,
      );
      const completed = copyOf(folder);
      writeFileSync(
        join(completed, basename(path)),
        readFileSync(path, 'utf8')
          .replace(/this\.addSql\(`do \$\$ begin raise.*;\n/, '')
          .replaceAll('some_table', 'users')
          .replaceAll('some_column', 'time_zone')
          .replaceAll('some value', 'UTC'),
      );
      await runMigrations(database, 'up', 'head', { folder: completed });
      expect(await query(em, sql`select time_zone, count(*)::int as players from users group by 1`)).toEqual([
        { time_zone: 'UTC', players: 3 },
      ]);
    } finally {
      await database.close();
    }
  });

  test('needs words for its name', async () => {
    const before = files();
    await expect(emptyRevision({ message: ' … ', folder })).rejects.toThrow(UsageError);
    expect(files()).toBe(before);
  });
});
