/** `npm run bench`: installs the peers where they are missing, then measures. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const here = import.meta.dirname;
// npm writes this file last: without it, an installation is missing or was cut short.
if (!existsSync(`${here}/node_modules/.package-lock.json`)) {
  console.log('Installing the peers and the load generator into bench/node_modules …');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: here,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
}
const { main } = await import('./main.js');
await main(process.argv.slice(2));
