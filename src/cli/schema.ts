import type { Command } from 'commander';
import { createSchema, printSdl } from '../schema.js';

/** `laurel schema`: the API's schema, for client generators and the committed schema.graphql. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the GraphQL schema (SDL)')
    .addHelpText('after', '\nExample:\n  laurel schema > schema.graphql')
    .action(() => {
      process.stdout.write(printSdl(createSchema()));
    });
}
