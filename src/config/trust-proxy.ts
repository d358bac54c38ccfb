import { isIP } from 'node:net';

/** No proxy or any, these addresses, or as many hops as the function allows. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean);

/** Whether TRUST_PROXY can be read: a flag, a number of hops, or addresses and networks with commas between. */
export function isTrustProxy(value: string): boolean {
  return /^(true|false|\d+)$/.test(value) || value.split(',').every((item) => isNetwork(item.trim()));
}

/** What TRUST_PROXY, which `isTrustProxy` has accepted, tells Fastify. */
export function toTrustProxy(value: string): TrustProxy {
  if (value === 'true' || value === 'false') {
    return value === 'true';
  }
  if (/^\d+$/.test(value)) {
    const hops = Number(value);
    return (_address, hop) => hop < hops;
  }
  return value.split(',').map((address) => address.trim());
}

/** An address, a network as address/bits, or one of the ranges that Fastify knows by name. */
function isNetwork(value: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(value)) {
    return true;
  }
  const [address = '', bits, ...rest] = value.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) {
    return false;
  }
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}
