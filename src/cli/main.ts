#!/usr/bin/env node
// First of all: type-graphql's decorators need it, whichever module they are reached through.
import 'reflect-metadata';
import { Command, CommanderError } from 'commander';
import { ExitCode, reportFailure } from './command.js';
import { addBackup } from './backup.js';
import { addDoctor } from './doctor.js';
import { addExport } from './export.js';
import { addImport } from './import/index.js';
import { addLeaderboard } from './leaderboard.js';
import { addMigrate } from './migrate/index.js';
import { addRestore } from './restore.js';
import { addSchema } from './schema.js';
import { addSeed } from './seed.js';
import { addServe } from './serve.js';

const program = new Command('laurel')
  .description('The social side of games: accounts, friendships, seasonal leaderboards and daily visits.')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed or differs, 2 wrong usage.\nSettings are environment variables; .env.example explains each.',
  )
  .showHelpAfterError('(add --help for usage)')
  .exitOverride();

addServe(program);
addMigrate(program);
addBackup(program);
addRestore(program);
addSeed(program);
addLeaderboard(program);
addDoctor(program);
addExport(program);
addImport(program);
addSchema(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : ExitCode.WRONG_USAGE;
  } else {
    reportFailure(error);
  }
}
