import { CommandError } from './command.js';

/** As in scripts/node.js, which finds a Node that is new enough: it has to run on those that are not. */
const OLDEST = { major: 22, minor: 17 };

/**
 * An older Node would start the server, and fail in the midst of requests by what it does not have.
 * @throws CommandError where this Node is older than what Laurel runs on
 */
export function requireSupportedNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) {
    return;
  }
  throw new CommandError(
    `Laurel needs Node ${OLDEST.major}.${OLDEST.minor} or newer. This is ${process.versions.node}. ` +
      'In a checkout, `npm start` and `npm run laurel -- COMMAND` use the one that npm ci has brought.',
  );
}
