import { isIPv4, isIPv6 } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Groups of 16 bits that name a network: an access line is given a /64, all of whose addresses are its own. */
const NETWORK_GROUPS = 4;

/**
 * What an address is counted under: an IPv4 address as it is, also where it comes as an IPv6 one, and of IPv6 the /64
 * network. Anything else, as only a forged header can hold, is counted together.
 */
export function countedAddress(address: string): string {
  const [plain = ''] = address.split('%');
  const mapped = MAPPED_IPV4.exec(plain)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) {
    return mapped;
  }
  if (isIPv4(plain)) {
    return plain;
  }
  return isIPv6(plain) ? `${networkGroups(plain).join(':')}::/64` : 'unknown';
}

function networkGroups(address: string): string[] {
  const [before = '', after = ''] = address.split('::');
  const leading = before === '' ? [] : before.split(':');
  const trailing = after === '' ? [] : after.split(':');
  // A trailing IPv4 part takes the place of two groups, none of them of the network where "::" stands before it.
  const missing = 8 - leading.length - trailing.length - (address.includes('.') ? 1 : 0);
  const groups = address.includes('::') ? [...leading, ...Array<string>(missing).fill('0'), ...trailing] : leading;
  return groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
}
