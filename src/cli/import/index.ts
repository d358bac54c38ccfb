import type { Command } from 'commander';
import { addImportCommunity } from './community.js';
import { addImportCsv } from './csv.js';
import { addImportMysql } from './mysql.js';
import { addImportPostgres } from './postgres.js';

/** `laurel import`: data of other systems. */
export function addImport(program: Command): void {
  const command = program
    .command('import')
    .description('move data here, all of it or nothing, with a proof that it is the same on both sides');
  addImportMysql(command);
  addImportPostgres(command);
  addImportCsv(command);
  addImportCommunity(command);
}
