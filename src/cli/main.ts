#!/usr/bin/env node
// First of all: type-graphql's decorators need it, whichever module they are reached through.
import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { ExitCode, reportFailure } from './command.js';
import { requireSupportedNode } from './node-version.js';

type Add = (program: Command) => void;

/** In the order of the help. A command's modules are loaded when it is the one: all of them take a second and 100 MB. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  serve: async () => (await import('./serve.js')).addServe,
  migrate: async () => (await import('./migrate/index.js')).addMigrate,
  backup: async () => (await import('./backup.js')).addBackup,
  restore: async () => (await import('./restore.js')).addRestore,
  import: async () => (await import('./import/index.js')).addImport,
  export: async () => (await import('./export.js')).addExport,
  seed: async () => (await import('./seed.js')).addSeed,
  leaderboard: async () => (await import('./leaderboard.js')).addLeaderboard,
  admin: async () => (await import('./admin.js')).addAdmin,
  'api-key': async () => (await import('./api-key.js')).addApiKey,
  doctor: async () => (await import('./doctor.js')).addDoctor,
  schema: async () => (await import('./schema.js')).addSchema,
};

// Whoever reads the output may stop reading, as `head` does: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
});

const program = new Command('laurel')
  .description('The social side of games: accounts, friendships, seasonal leaderboards and daily visits.')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed or differs, 2 wrong usage.\nSettings are environment variables; .env.example explains each.',
  )
  .showHelpAfterError('(add --help for usage)')
  .exitOverride();

const [, , name = ''] = process.argv;
const asked = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]!] : Object.values(COMMANDS);
try {
  requireSupportedNode();
  for (const load of asked) {
    (await load())(program);
  }
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : ExitCode.WRONG_USAGE;
  } else {
    reportFailure(error);
  }
}
