import type { Config } from '../config.js';

export const SIGN_IN_PATH = '/auth';

type Addresses = Pick<Config, 'publicUrl'>;

/** Where a sign-in with that provider begins, as browsers reach it. */
export function signInAddress({ publicUrl }: Addresses, provider: string): string {
  return `${publicUrl.replace(/\/+$/, '')}${SIGN_IN_PATH}/${provider}`;
}

/** Where the provider sends people back to. */
export function callbackAddress(addresses: Addresses, provider: string): string {
  return `${signInAddress(addresses, provider)}/callback`;
}
