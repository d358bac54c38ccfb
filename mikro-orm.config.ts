import { defineConfig } from '@mikro-orm/postgresql';
import { loadConfig } from './src/config.js';
import { ormOptions } from './src/database/options.js';

/** For MikroORM's own CLI, on the same entities and history; it needs a PostgreSQL in DATABASE_URL. */
export default defineConfig({
  ...ormOptions,
  clientUrl: loadConfig().databaseUrl ?? 'postgres://postgres@127.0.0.1:5432/postgres',
});
