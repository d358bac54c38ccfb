/** Parameters that node-postgres knows, or passes over, and libpq refuses or understands otherwise. */
const NODE_ONLY = [
  'allowExitOnIdle',
  'connectionTimeoutMillis',
  'database',
  'db',
  'dbname',
  'encoding',
  'idle_in_transaction_session_timeout',
  'idleTimeoutMillis',
  'keepAlive',
  'keepAliveInitialDelayMillis',
  'lock_timeout',
  'max',
  'maxLifetimeSeconds',
  'maxUses',
  'min',
  'query_timeout',
  'schema',
  'ssl',
  'statement_timeout',
  'uselibpqcompat',
];

/** A database for PostgreSQL's own programs. */
export interface LibpqConnection {
  /** Without the password: every user of the machine can read a program's arguments. */
  url: URL;
  /** Empty where the URL has none. */
  password: string;
  database: string;
}

/** What a URL for node-postgres is in the words of libpq, which refuses parameters that it does not know. */
export function libpqConnection(databaseUrl: string): LibpqConnection {
  const url = new URL(databaseUrl);
  const { searchParams } = url;
  const password = searchParams.get('password') ?? decodeURIComponent(url.password);
  url.password = '';
  searchParams.delete('password');
  if (searchParams.get('sslmode') === 'no-verify' || isEncryptedOnly(searchParams)) {
    searchParams.set('sslmode', 'require');
  }
  NODE_ONLY.forEach((name) => searchParams.delete(name));
  // A form has `+` for a blank, which libpq takes for itself.
  url.search = searchParams.toString().replaceAll('+', '%20');
  return { url, password, database: decodeURIComponent(url.pathname.slice(1)) };
}

function isEncryptedOnly(parameters: URLSearchParams): boolean {
  return !parameters.has('sslmode') && ['1', 'true'].includes(parameters.get('ssl') ?? '');
}
