import { rowsAt } from './rows-at.js';

/** An empty database of a test's own on that PostgreSQL server, or a copy of another that nobody is connected to. */
export async function createEmptyDatabase(
  server: string = process.env['TEST_POSTGRES_URL']!,
  template?: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `laurel_test_${process.pid}_${Date.now()}_${Math.floor(Math.random() * 1e6)}`;
  await rowsAt(server, `create database ${name}${template === undefined ? '' : ` template ${template}`}`);
  return {
    url: Object.assign(new URL(server), { pathname: `/${name}` }).href,
    drop: async () => void (await rowsAt(server, `drop database ${name} with (force)`)),
  };
}
