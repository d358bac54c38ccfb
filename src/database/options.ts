import { fileURLToPath } from 'node:url';
import { Migrator } from '@mikro-orm/migrations';
import { LEDGER } from '../migrate/ledger-name.js';
import { entities } from './entities.js';

/** The migrations lie beside `src`, in the sources and in the build alike. */
export const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));

/** What every MikroORM instance of Laurel shares, whatever the driver. */
export const ormOptions = {
  entities,
  extensions: [Migrator],
  forceUtcTimezone: true,
  // Archives, triggers and functions belong to the migrations alone.
  schemaGenerator: { skipTables: [/^archive_/], ignoreTriggers: true, ignoreRoutines: true },
  migrations: {
    path: MIGRATIONS,
    glob: '!(*.d).{js,ts}',
    tableName: LEDGER,
    transactional: true,
    allOrNothing: true,
    // The snapshot would take over whatever the database has drifted to.
    snapshot: false,
    silent: true,
  },
};
