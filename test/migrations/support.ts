import { readFile, readdir } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { MikroORM as PgliteMikroORM } from '@mikro-orm/pglite';
import { MikroORM as PostgresMikroORM } from '@mikro-orm/postgresql';
import { type Migration, Migrator } from '@mikro-orm/migrations';
import { Client } from 'pg';

export const FIRST = 'Migration20260205193000_game_service_tables';

type MigrationClass = new (...args: ConstructorParameters<typeof Migration>) => Migration;
export type Row = Record<string, unknown>;
/** Rows by table, each table ordered by its rows' text, plus the state of every sequence. */
export type Snapshot = Record<string, Row[]>;

/** One database that a suite uses again and again, emptied before every test. */
export interface TestDatabase {
  /** Empties the database and gives a migrator that has not looked at it yet. */
  fresh(): Promise<Migrator>;
  query<T extends Row = Row>(sql: string): Promise<T[]>;
  /** Everything a migration can create or change, as sorted lines. The migrator's own table is left out. */
  fingerprint(): Promise<string[]>;
  snapshot(): Promise<Snapshot>;
  close(): Promise<void>;
}

export type OpenDatabase = () => Promise<TestDatabase>;

const root = new URL('../../', import.meta.url);

let loaded: Promise<{ name: string; class: MigrationClass }[]> | undefined;

/** Every migration by its file name, as the migrator would discover it. */
export function allMigrations() {
  loaded ??= (async () => {
    const files = (await readdir(new URL('migrations/', root))).filter((file) => file.endsWith('.ts')).toSorted();
    const list: { name: string; class: MigrationClass }[] = [];
    for (const file of files) {
      const module = (await import(new URL(`migrations/${file}`, root).pathname)) as Record<string, MigrationClass>;
      const name = file.replace(/\.ts$/, '');
      const found = module[name];
      if (!found) throw new Error(`${file} does not export a class of its own name`);
      list.push({ name, class: found });
    }
    return list;
  })();
  return loaded;
}

const migrationsOptions = async () => ({
  migrationsList: await allMigrations(),
  tableName: 'mikro_orm_migrations',
  snapshot: false,
  silent: true,
});

const shared = { entities: [], discovery: { warnWhenNoEntities: false } };

export const openPglite: OpenDatabase = async () => {
  const orm = await PgliteMikroORM.init({ ...shared, migrations: await migrationsOptions() });
  return wrap(orm, () => orm.close(true));
};

export const openPostgres: OpenDatabase = async () => {
  const url = new URL(process.env['TEST_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres');
  const dbName = `laurel_migrations_${randomUUID().replaceAll('-', '')}`;
  const admin = async (sql: string) => {
    const client = new Client({ connectionString: url.href });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await admin(`create database ${dbName}`);
  const clientUrl = new URL(url);
  clientUrl.pathname = `/${dbName}`;
  const orm = await PostgresMikroORM.init({
    ...shared,
    clientUrl: clientUrl.href,
    dbName,
    migrations: await migrationsOptions(),
  });
  return wrap(orm, async () => {
    await orm.close(true);
    await admin(`drop database ${dbName} with (force)`);
  });
};

function wrap(orm: PgliteMikroORM | PostgresMikroORM, close: () => Promise<void>): TestDatabase {
  const query = <T extends Row = Row>(sql: string): Promise<T[]> => orm.em.getConnection().execute<T[]>(sql);
  return {
    query,
    close,
    async fresh() {
      await query('drop schema public cascade');
      await query('create schema public');
      return new Migrator(orm.em);
    },
    async fingerprint() {
      const rows = await query<{ line: string }>(FINGERPRINT);
      return rows.map(({ line }) => line).toSorted();
    },
    async snapshot() {
      const tables = await query<{ name: string; kind: string }>(`
        select relname as name, relkind as kind from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'S') and relname not like 'mikro\\_orm%'
        order by relname`);
      const result: Snapshot = {};
      for (const { name, kind } of tables) {
        const rows = await query<{ row: Row | string }>(
          kind === 'S'
            ? `select jsonb_build_object('last_value', last_value, 'is_called', is_called) as row from ${name}`
            : `select to_jsonb(t) as row from ${name} t order by to_jsonb(t)::text collate "C"`,
        );
        result[name] = rows.map(({ row }) => (typeof row === 'string' ? (JSON.parse(row) as Row) : row));
      }
      return result;
    },
  };
}

const FINGERPRINT = `
  with tables as (
    select oid, relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p') and relname not like 'mikro\\_orm%'
  )
  select format('column %s.%s #%s %s%s%s%s%s', t.relname, a.attname,
      row_number() over (partition by t.oid order by a.attnum),
      format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then ' not null' end,
      ' default ' || pg_get_expr(d.adbin, d.adrelid),
      case when a.attgenerated <> '' then ' generated ' || a.attgenerated::text end,
      ' collate ' || c.collname) as line
  from tables t
  join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
  left join pg_collation c on c.oid = a.attcollation and c.collname <> 'default'
  union all
  select format('constraint %s.%s %s', t.relname, c.conname, pg_get_constraintdef(c.oid))
  from tables t join pg_constraint c on c.conrelid = t.oid
  union all
  select 'index ' || pg_get_indexdef(i.indexrelid) from tables t join pg_index i on i.indrelid = t.oid
  union all
  select 'trigger ' || pg_get_triggerdef(g.oid) from tables t join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
  union all
  select 'function ' || pg_get_functiondef(p.oid) from pg_proc p where p.pronamespace = 'public'::regnamespace
  union all
  select format('sequence %s %s start %s increment %s owned by %s.%s', s.relname, format_type(q.seqtypid, null),
    q.seqstart, q.seqincrement, t.relname, a.attname)
  from pg_class s
  join pg_sequence q on q.seqrelid = s.oid
  left join pg_depend d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.deptype = 'a'
  left join tables t on t.oid = d.refobjid
  left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where s.relnamespace = 'public'::regnamespace and s.relname not like 'mikro\\_orm%'
  union all
  select 'extension ' || extname from pg_extension where extname <> 'plpgsql'`;

/**
 * Loads the old service's database, marked as being at the first migration. Its extension is left out:
 * nothing uses it, and the embedded database does not have it. Alembic's own table stays, as it would.
 */
export async function loadFixture(db: TestDatabase, migrator: Migrator): Promise<void> {
  const text = await readFile(new URL('test/fixtures/hexdb-postgres.sql', root), 'utf8');
  for (const statement of text.replace(/^--.*$/gm, '').split(/;\s*\n/)) {
    if (statement.trim() && !/^\s*create extension/i.test(statement)) await db.query(statement);
  }
  await migrator.logMigration(FIRST);
}

/** Names in the order they run. */
export const migrationNames = async () => (await allMigrations()).map(({ name }) => name);

/** Leaves out what is made anew at every run: random ids and times of the run itself. */
export function withoutRunDetails(snapshot: Snapshot): Snapshot {
  const hourAgo = Date.now() - 3_600_000;
  const result: Snapshot = {};
  for (const [table, rows] of Object.entries(snapshot)) {
    result[table] = rows
      .map((row) => {
        const copy = { ...row };
        if ((table === 'friendships' || table === 'scores') && typeof copy['id'] === 'string') delete copy['id'];
        for (const key of ['created_at', 'updated_at']) {
          const value = copy[key];
          if (typeof value === 'string' && value.includes('+') && Date.parse(value) > hourAgo) copy[key] = 'now';
        }
        return copy;
      })
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  return result;
}
