/** A start in production that must be refused. */
export interface RefusedStart {
  name: string;
  defence: string;
  /** Beside what production takes; undefined for what is left out. */
  settings: Record<string, string | undefined>;
  /** The setting that is named. */
  names: string;
}

const SECRET = 'a secret of 32 bytes, which nobody has to be told';

/** What production takes. There is no database, so that no start gets further than the settings. */
export const PRODUCTION: Record<string, string> = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://127.0.0.1:1/laurel',
  DATA_DIR: '/dev/null/none',
  TOKEN_SECRET: SECRET,
  API_KEY: SECRET,
};

const SIGN_IN = {
  OIDC_PROVIDERS: JSON.stringify([
    { name: 'one', issuer: 'https://accounts.example.com', clientId: 'laurel', clientSecret: SECRET },
  ]),
  PUBLIC_URL: 'https://api.game.example.com',
  SIGN_IN_RETURN_URLS: 'https://game.example.com/',
};
const ADMIN = {
  ADMIN_EMAIL: 'admin@example.com',
  ADMIN_NICKNAME: 'the admin',
  ADMIN_PASSWORD: 'twelve chars',
  ADMIN_BIRTH_DATE: '1990-01-02',
};

export const refusedStarts: RefusedStart[] = [
  {
    name: 'without TOKEN_SECRET',
    defence: 'production takes a token secret',
    settings: { TOKEN_SECRET: undefined },
    names: 'TOKEN_SECRET',
  },
  {
    name: 'with a TOKEN_SECRET of 31 bytes',
    defence: 'secrets have 32 bytes',
    settings: { TOKEN_SECRET: 'x'.repeat(31) },
    names: 'TOKEN_SECRET',
  },
  {
    name: 'with an API_KEY of 31 bytes',
    defence: 'secrets have 32 bytes',
    settings: { API_KEY: 'x'.repeat(31) },
    names: 'API_KEY',
  },
  {
    name: 'with a TOKEN_SECRET out of an example',
    defence: 'secrets of examples are refused',
    settings: { TOKEN_SECRET: 'change-me-change-me-change-me-change-me' },
    names: 'TOKEN_SECRET',
  },
  {
    name: 'with an API_KEY out of an example',
    defence: 'secrets of examples are refused',
    settings: { API_KEY: 'replace-with-the-output-of-openssl-rand-hex-32' },
    names: 'API_KEY',
  },
  {
    name: 'on the embedded database',
    defence: 'production takes a PostgreSQL server',
    settings: { DATABASE_URL: undefined },
    names: 'DATABASE_URL',
  },
  {
    name: 'with mails whose links lead to localhost',
    defence: 'mails take the address of the game',
    settings: { SMTP_URL: 'smtp://mail.example.com', MAIL_FROM: 'game@example.com' },
    names: 'APP_URL',
  },
  {
    name: 'with an admin whose password has eleven characters',
    defence: 'the password of the admin has twelve characters',
    settings: { ...ADMIN, ADMIN_PASSWORD: 'eleven char' },
    names: 'ADMIN_PASSWORD',
  },
  {
    name: 'with half an admin',
    defence: 'an admin is set whole',
    settings: { ...ADMIN, ADMIN_PASSWORD: undefined },
    names: 'ADMIN_PASSWORD',
  },
  {
    name: 'with a provider that is asked in the open',
    defence: 'providers are asked by https',
    settings: { ...SIGN_IN, OIDC_PROVIDERS: SIGN_IN.OIDC_PROVIDERS.replace('https:', 'http:') },
    names: 'OIDC_PROVIDERS',
  },
  {
    name: 'with an address in the open, where people sign in',
    defence: 'people sign in by https',
    settings: { ...SIGN_IN, PUBLIC_URL: 'http://api.game.example.com' },
    names: 'PUBLIC_URL',
  },
  {
    name: 'with sign-ins that return in the open',
    defence: 'sign-ins return by https, or to a program',
    settings: { ...SIGN_IN, SIGN_IN_RETURN_URLS: 'http://game.example.com/' },
    names: 'SIGN_IN_RETURN_URLS',
  },
  {
    name: 'with sign-ins that return to a script',
    defence: 'sign-ins return by https, or to a program',
    settings: { ...SIGN_IN, SIGN_IN_RETURN_URLS: 'javascript:alert(1)' },
    names: 'SIGN_IN_RETURN_URLS',
  },
  {
    name: 'with listed operations alone, and no list',
    defence: 'PERSISTED_ONLY takes a list',
    settings: { PERSISTED_ONLY: 'true' },
    names: 'PERSISTED_ONLY',
  },
];
