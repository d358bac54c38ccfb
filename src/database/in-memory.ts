import { PGlite } from '@electric-sql/pglite';
import type { AnyEntity, EntityClass, EntitySchema } from '@mikro-orm/core';
import { MikroORM } from '@mikro-orm/pglite';
import type { Database, Orm } from './database.js';
import { parsers } from './embedded-parsers.js';
import { ormOptions } from './options.js';

export type Entities = (EntityClass<AnyEntity> | EntitySchema)[];

/**
 * An empty database of its own in this process; it is gone once it is closed.
 * @param entities what MikroORM is to know; Laurel's where left out
 */
export async function openInMemory(entities: Entities = ormOptions.entities): Promise<Database> {
  const client = await PGlite.create({ parsers });
  const orm = await MikroORM.init({ ...ormOptions, entities, driverOptions: { pglite: () => client } });
  return {
    orm: orm as Orm,
    embedded: true,
    close: async () => {
      await orm.close();
      await client.close();
    },
  };
}
