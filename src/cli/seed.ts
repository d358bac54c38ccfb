import { type Command, InvalidArgumentError } from 'commander';
import type { Database } from '../database/database.js';
import { pendingMigrations } from '../migrate/status.js';
import { upgrade } from '../migrate/upgrade.js';
import {
  DEFAULT_PLAYERS,
  MAX_PLAYERS,
  MIN_PLAYERS,
  seedDemo,
  type SeedOptions,
  type SeedReport,
} from '../seed/seed.service.js';
import { CommandError, withDatabase } from './command.js';

interface CommandOptions {
  players: number;
  yes?: true;
  json?: true;
}

/** `laurel seed`: demo data for an empty database. */
export function addSeed(program: Command): void {
  program
    .command('seed')
    .description('fill an empty database with demo data: players, friendships, seasons, scores and visits')
    .option('--players <count>', `how many, ${MIN_PLAYERS} to ${MAX_PLAYERS}`, parsePlayers, DEFAULT_PLAYERS)
    .option('--yes', 'do it in production too (NODE_ENV=production)')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel seed --players 1000')
    .action(({ players, yes, json }: CommandOptions) =>
      withDatabase(async (database, config) => {
        if (config.production && yes !== true) {
          throw new CommandError(
            'These are the settings of production, and demo players have a password that everybody knows. ' +
              'Add --yes if that is what you want. Nothing was changed.',
          );
        }
        const report = await seedDatabase(database, { players, timeZone: config.seasonTimeZone });
        print(report, json);
      }),
    );
}

/**
 * Seeds a database, migrating it first where it is embedded, as the server does at its start.
 * @throws CommandError where migrations are pending; otherwise as seedDemo
 */
export async function seedDatabase(database: Database, options: SeedOptions): Promise<SeedReport> {
  if (database.embedded) {
    await upgrade(database);
  } else if ((await pendingMigrations(database)).length > 0) {
    throw new CommandError('Migrations are pending. Run `laurel migrate upgrade` first. Nothing was changed.');
  }
  return seedDemo(database.orm.em.fork(), options);
}

function parsePlayers(text: string): number {
  const players = Number(text);
  if (!/^\d+$/.test(text) || players < MIN_PLAYERS || players > MAX_PLAYERS) {
    throw new InvalidArgumentError(`It must be a whole number from ${MIN_PLAYERS} to ${MAX_PLAYERS}.`);
  }
  return players;
}

function print({ rows, login }: SeedReport, json: true | undefined): void {
  if (json) {
    console.log(JSON.stringify({ rows, login }));
    return;
  }
  for (const [table, count] of Object.entries(rows)) {
    console.log(`${table} ${count}`);
  }
  console.log(`Sign in as ${login.email} (${login.nickname}) with the password ${login.password}`);
}
