import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** An OpenID Connect provider, as the operator has set it up. */
export interface ProviderSettings {
  /** In addresses and in the database: it stays with the issuer for good. */
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  scopes: string;
  /** What clients call it. */
  title: string;
}

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** An https address, or one of this machine, where nobody listens in. */
export function isHttpsOrLoopback(address: string): boolean {
  if (!URL.canParse(address)) {
    return false;
  }
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname));
}

const providerSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, 'must be of a-z, 0-9 and -'),
  issuer: z.string().refine(isHttpsOrLoopback, 'must be an https address'),
  clientId: z.string().min(1, 'must not be empty'),
  clientSecret: z.string().min(1, 'must not be empty'),
  scopes: z
    .string()
    .refine((scopes) => scopes.split(' ').includes('openid'), 'must have openid among them')
    .default('openid email profile'),
  title: z.string().min(1, 'must not be empty').optional(),
});

/**
 * Reads providers from a setting: a JSON array, or the path of a file with one.
 * @returns the providers, or else every problem there is, without any secret in its words
 */
export function readProviders(setting: string): { providers: ProviderSettings[]; problems: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(setting.trimStart().startsWith('[') ? setting : readFileSync(setting, 'utf8'));
  } catch {
    // The message of the parser has parts of the text in it.
    return { providers: [], problems: ['must be a JSON array of providers, or the path of a file with one'] };
  }
  const parsed = z.array(providerSchema).safeParse(value);
  if (!parsed.success) {
    return { providers: [], problems: parsed.error.issues.map(({ path, message }) => describe(path, message)) };
  }
  const names = parsed.data.map(({ name }) => name);
  const repeated = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  return {
    providers: parsed.data.map((provider) => ({ ...provider, title: provider.title ?? provider.name })),
    problems: repeated.map((name) => `the name ${name} is there more than once`),
  };
}

function describe(path: PropertyKey[], message: string): string {
  const [index, ...rest] = path;
  return index === undefined ? message : [`provider ${Number(index) + 1}`, ...rest].join(', ') + ` ${message}`;
}
