import { type Command, InvalidArgumentError } from 'commander';
import { type ApiKeyRow, createApiKey, listApiKeys, revokeApiKey } from '../admin/api-key.service.js';
import { OPERATOR } from '../admin/audit-log.type.js';
import { ALL_SCOPES, type Scope } from '../admin/scope.js';
import { AppError, ErrorCode } from '../errors.js';
import { UsageError } from '../migrate/errors.js';
import { toDate } from '../shared/instant.js';
import { withDatabase } from './command.js';

const MAX_NAME_LENGTH = 100;
const MAX_DAYS = 3650;

interface JsonOption {
  json?: true;
}

interface CreateOptions extends JsonOption {
  name: string;
  scopes: Scope[];
  expires?: number;
}

/** `laurel api-key`: keys for the game's own servers. */
export function addApiKey(program: Command): void {
  const apiKey = program.command('api-key').description("make, list and revoke keys of the game's own servers");
  apiKey
    .command('create')
    .description('make a key, and print it: it is shown this once')
    .requiredOption('--name <text>', 'what people call it', parseName)
    .requiredOption('--scopes <list>', `what it may do, with commas: ${ALL_SCOPES.join(', ')}`, parseScopes)
    .option('--expires <days>', 'when it ends, e.g. 90d (default: never)', parseDays)
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel api-key create --name matchmaker --scopes scores:write --expires 90d')
    .action(({ name, scopes, expires, json }: CreateOptions) =>
      withDatabase(async ({ orm }) => {
        const made = await createApiKey(orm.em.fork(), OPERATOR, { name, scopes, expiresInDays: expires ?? null });
        if (json) {
          console.log(JSON.stringify({ ...toReport(made), key: made.key }));
          return;
        }
        console.log(line(made));
        console.log(`Send it as x-api-key. It is shown this once:\n${made.key}`);
      }),
    );
  apiKey
    .command('list')
    .description('list the keys, newest first, those that ended too')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel api-key list')
    .action(({ json }: JsonOption) =>
      withDatabase(async ({ orm }) => {
        const keys = await listApiKeys(orm.em.fork());
        if (json) {
          console.log(JSON.stringify(keys.map(toReport)));
          return;
        }
        keys.forEach((key) => console.log(line(key)));
      }),
    );
  apiKey
    .command('revoke')
    .argument('<id>', 'of the key, as the list shows it')
    .description('end a key at once, for good')
    .option('--json', 'report as JSON')
    .addHelpText('after', '\nExample:\n  laurel api-key revoke 019a9c1e-5b0f-7c4e-9a51-0d8f3c1b7e42')
    .action((id: string, { json }: JsonOption) =>
      withDatabase(async ({ orm }) => {
        const revoked = await revokeApiKey(orm.em.fork(), OPERATOR, id).catch(explain);
        console.log(json ? JSON.stringify(toReport(revoked)) : line(revoked));
      }),
    );
}

function explain(error: unknown): never {
  if (error instanceof AppError && error.code === ErrorCode.NOT_FOUND) {
    throw new UsageError('There is no API key with that id. Nothing was changed. `laurel api-key list` shows them.');
  }
  throw error;
}

function parseName(text: string): string {
  const name = text.trim();
  if (name === '' || name.length > MAX_NAME_LENGTH || /\p{C}/u.test(name)) {
    throw new InvalidArgumentError(`A name has 1 to ${MAX_NAME_LENGTH} visible characters.`);
  }
  return name;
}

function parseScopes(text: string): Scope[] {
  const named = text.split(',').map((name) => name.trim());
  const known: readonly string[] = ALL_SCOPES;
  if (!named.every((name) => known.includes(name))) {
    throw new InvalidArgumentError(`Name one or more of these, with commas between: ${ALL_SCOPES.join(', ')}.`);
  }
  return ALL_SCOPES.filter((scope) => named.includes(scope));
}

function parseDays(text: string): number {
  const days = Number(/^(\d{1,4})d$/.exec(text)?.[1]);
  if (!(days >= 1 && days <= MAX_DAYS)) {
    throw new InvalidArgumentError(`Write a number of days from 1 to ${MAX_DAYS}, e.g. 90d.`);
  }
  return days;
}

/** Without what is not for the report, such as the key. */
function toReport({ id, name, prefix, scopes, createdAt, expiresAt, revokedAt, lastUsedAt }: ApiKeyRow) {
  return {
    id,
    name,
    prefix,
    scopes,
    createdAt: toDate(createdAt),
    expiresAt: expiresAt && toDate(expiresAt),
    revokedAt: revokedAt && toDate(revokedAt),
    lastUsedAt: lastUsedAt && toDate(lastUsedAt),
  };
}

function line(key: ApiKeyRow): string {
  const { id, name, prefix, scopes, expiresAt, revokedAt, lastUsedAt } = key;
  const minute = (instant: string) => `${instant.slice(0, 16)}Z`;
  const end = expiresAt === null ? 'never expires' : `expires ${minute(expiresAt)}`;
  return [
    id,
    `${prefix}…`,
    `"${name}"`,
    scopes.join(','),
    revokedAt === null ? end : `revoked ${minute(revokedAt)}`,
    lastUsedAt === null ? 'never used' : `last used ${minute(lastUsedAt)}`,
  ].join('  ');
}
