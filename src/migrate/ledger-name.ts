/** MikroORM's own table, so that its CLI sees the same history; it leaves the columns that Laurel adds empty. */
export const LEDGER = 'mikro_orm_migrations';
