import { isHttpsOrLoopback } from '../identity/provider-settings.js';
import { adminProblems } from './admin-settings.js';

/** Secrets that appear in examples and documentation: refused in production. */
const EXAMPLE_SECRETS = new Set([
  'change-me-change-me-change-me-change-me',
  'replace-with-the-output-of-openssl-rand-hex-32',
]);
const MIN_SECRET_BYTES = 32;

/** What is wrong with settings that are each well-formed. @returns a line for each problem, naming the variable */
export function problemsBetween(environment: NodeJS.ProcessEnv): string[] {
  return [
    ...replicaProblems(environment),
    ...persistedProblems(environment),
    ...signInProblems(environment),
    ...productionProblems(environment),
    ...adminProblems(environment),
  ];
}

function replicaProblems(environment: NodeJS.ProcessEnv): string[] {
  return environment.DATABASE_REPLICA_URLS === undefined || environment.DATABASE_URL !== undefined
    ? []
    : ['DATABASE_REPLICA_URLS: the embedded database has no replicas; set DATABASE_URL too'];
}

function persistedProblems(environment: NodeJS.ProcessEnv): string[] {
  return environment.PERSISTED_ONLY === 'true' && environment.PERSISTED_OPERATIONS === undefined
    ? ['PERSISTED_ONLY: there are no operations to allow; set PERSISTED_OPERATIONS too']
    : [];
}

function signInProblems(environment: NodeJS.ProcessEnv): string[] {
  const { OIDC_PROVIDERS: providers, PUBLIC_URL: publicUrl, SIGN_IN_RETURN_URLS: returnUrls } = environment;
  if (providers === undefined) {
    return [];
  }
  const problems: string[] = [];
  if (publicUrl === undefined && environment.NODE_ENV === 'production') {
    problems.push('PUBLIC_URL: required with OIDC_PROVIDERS; providers send people back to it');
  }
  if (publicUrl !== undefined && URL.canParse(publicUrl) && !isHttpsOrLoopback(publicUrl)) {
    problems.push('PUBLIC_URL: must be an https address, where people sign in with others');
  }
  if (returnUrls === undefined) {
    problems.push('SIGN_IN_RETURN_URLS: required with OIDC_PROVIDERS; it is where sign-ins return to');
  }
  return problems;
}

function productionProblems(environment: NodeJS.ProcessEnv): string[] {
  if (environment.NODE_ENV !== 'production') {
    return [];
  }
  const problems: string[] = [];
  if (environment.DATABASE_URL === undefined) {
    problems.push('DATABASE_URL: required in production; the embedded database is for development');
  }
  if (environment.TOKEN_SECRET === undefined) {
    problems.push('TOKEN_SECRET: required in production; make one with `openssl rand -hex 32`');
  }
  if (environment.SMTP_URL !== undefined && environment.APP_URL === undefined) {
    problems.push('APP_URL: required with SMTP_URL; it is where links in mails lead');
  }
  if (environment.SMTP_URL !== undefined && environment.MAIL_FROM === undefined) {
    problems.push('MAIL_FROM: required with SMTP_URL; it is who mails come from');
  }
  for (const name of ['TOKEN_SECRET', 'API_KEY'] as const) {
    problems.push(...secretProblems(name, environment[name]));
  }
  return problems;
}

function secretProblems(name: string, secret: string | undefined): string[] {
  if (secret === undefined) {
    return [];
  }
  if (EXAMPLE_SECRETS.has(secret)) {
    return [`${name}: this value is known from an example; make one with \`openssl rand -hex 32\``];
  }
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    return [`${name}: shorter than ${MIN_SECRET_BYTES} bytes; make one with \`openssl rand -hex 32\``];
  }
  return [];
}
