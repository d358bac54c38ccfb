import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Config } from '../config.js';
import { badInput } from '../errors.js';
import { issueTicket } from './link-ticket.js';
import { isAllowedReturn } from './return-address.js';
import { signInAddress } from './sign-in-address.js';

/**
 * Makes an address, good once and for five minutes, at which the user can link an identity in a browser.
 * @throws AppError BAD_USER_INPUT naming the field
 */
export async function linkAddress(
  em: SqlEntityManager,
  config: Pick<Config, 'oidcProviders' | 'publicUrl' | 'signInReturnUrls'>,
  userId: string,
  provider: string,
  returnUrl: string,
): Promise<string> {
  if (!config.oidcProviders.some(({ name }) => name === provider)) {
    throw badInput('provider', 'There is no such provider; signInProviders lists them.');
  }
  if (!isAllowedReturn(returnUrl, config.signInReturnUrls)) {
    throw badInput('returnUrl', 'A sign-in cannot return to this address.');
  }
  const link = await issueTicket(em, userId, provider, returnUrl);
  return `${signInAddress(config, provider)}?${new URLSearchParams({ return: returnUrl, link }).toString()}`;
}
