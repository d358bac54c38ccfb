import { Client } from 'pg';

/** An empty database of a test's own on that PostgreSQL server, or a copy of another that nobody is connected to. */
export async function createEmptyDatabase(
  server: string = process.env['TEST_POSTGRES_URL']!,
  template?: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `laurel_test_${process.pid}_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
  await onServer(server, `create database ${name}${template === undefined ? '' : ` template ${template}`}`);
  return {
    url: Object.assign(new URL(server), { pathname: `/${name}` }).href,
    drop: () => onServer(server, `drop database ${name} with (force)`),
  };
}

/** Sends one statement on a connection of its own. */
export async function onServer(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
