/**
 * Takes every defence out of a copy of the build, one at a time, and runs its rows against what is left: each of them must
 * turn red, or it would not notice if the defence were gone. Words on the command line choose defences by their names.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import base from '../../jest.config.js';
import globalSetup from '../support/global-setup.js';
import { defences, sourceOf } from './defences.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
const TABLE = 'test/attack/table.test.ts';
const CONTROL = 'a server that is attacked serves';

const words = process.argv.slice(2);
const chosen = defences.filter(({ name }) => words.every((word) => name.includes(word)));

delete process.env.TEST_POSTGRES_URL;
const scratch = mkdtempSync(join(tmpdir(), 'laurel-removal-'));
const dist = join(scratch, 'dist');
const modules = join(scratch, 'node_modules');
const report = join(scratch, 'report.json');

const say = (line) => process.stdout.write(`${line}\n`);

/** The name of the package that a file below node_modules is of. */
function packageOf(file) {
  const [, first, second] = file.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** Links to every package but those, which are copied. */
function linkModules(copied) {
  const put = (name) => {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    if (copied.has(name)) {
      cpSync(join(MODULES, name), join(modules, name), { recursive: true, dereference: true });
    } else {
      symlinkSync(join(MODULES, name), join(modules, name));
    }
  };
  for (const name of readdirSync(MODULES)) {
    const names = name.startsWith('@') ? readdirSync(join(MODULES, name)).map((of) => `${name}/${of}`) : [name];
    names.forEach(put);
  }
}

/** @returns what brings the defence back */
function remove({ name, changes, packages = [] }) {
  const changed = changes.filter(({ file }) => file.startsWith('node_modules/')).map(({ file }) => packageOf(file));
  rmSync(modules, { recursive: true, force: true });
  linkModules(new Set([...changed, ...packages]));
  const originals = new Map();
  for (const { file, text, replacement } of changes) {
    const path = sourceOf(file, dist, modules);
    const source = readFileSync(path, 'utf8');
    if (source.split(text).length !== 2) {
      throw new Error(`${name}: ${file} has not exactly once: ${text}`);
    }
    originals.set(path, originals.get(path) ?? source);
    writeFileSync(
      path,
      source.replace(text, () => replacement),
    );
  }
  return () => originals.forEach((source, path) => writeFileSync(path, source));
}

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Runs the tests of a defence against the copy. */
function runTests({ name, file = TABLE, tests: pattern }) {
  const tests = pattern ?? `^(${escaped(CONTROL)}$|.*\\[${escaped(name)}\\] )`;
  const { globalSetup: _setup, globalTeardown: _teardown, moduleNameMapper, ...config } = base;
  const all = {
    ...config,
    rootDir: ROOT,
    // Tests that npm test leaves to a server run here without one.
    testPathIgnorePatterns: ['/node_modules/'],
    testMatch: [join(ROOT, file)],
    moduleNameMapper: {
      ...(pattern !== undefined && { '^(?:\\.\\./)+src/(.*)$': `${dist}/src/$1` }),
      ...moduleNameMapper,
    },
  };
  rmSync(report, { force: true });
  const jest = ['node_modules/jest/bin/jest.js', '--config', JSON.stringify(all), '--json', '--outputFile', report];
  const { stderr } = spawnSync(
    process.execPath,
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', ...jest, '--forceExit', '-t', tests],
    { cwd: ROOT, env: { ...process.env, LAUREL_TEST_DIST: dist }, encoding: 'utf8', timeout: 600_000 },
  );
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
      .testResults.flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status !== 'pending');
  } catch {
    throw new Error(`${name}: the tests could not be run: ${stderr}`);
  }
}

/** Red by what was expected of an answer, not because the attack could not even be made. */
const isRed = ({ status, failureMessages }) =>
  status === 'failed' && failureMessages.every((message) => /expect\(|Expected/.test(message.slice(0, 400)));

/** @returns whether every row, or any of other tests, was red while the server went on serving */
function check(defence) {
  const bringBack = remove(defence);
  let results;
  try {
    results = runTests(defence);
  } finally {
    bringBack();
  }
  const { file, tests } = defence;
  const serves = file !== undefined || results.some(({ title, status }) => title === CONTROL && status === 'passed');
  const rows = results.filter(({ title }) => title !== CONTROL);
  const red = rows.filter(isRed);
  const holds = serves && red.length > 0 && (tests !== undefined || red.length === rows.length);
  say(
    `| ${defence.name} | ${rows.length} | ${red.length} |${holds ? '' : ' NOT ALL RED'}${serves ? '' : ' SERVES NOT'}`,
  );
  if (!holds) {
    for (const { title, status, failureMessages } of rows.filter((row) => !isRed(row))) {
      say(`    ${status}: ${title} ${failureMessages.join(' ').slice(0, 300)}`);
    }
  }
  return holds;
}

try {
  await globalSetup();
  cpSync(join(ROOT, 'dist'), dist, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(scratch, 'package.json'));
  say('| defence that was removed | its tests | red |\n| --- | --- | --- |');
  const failed = chosen.filter((defence) => !check(defence));
  say(`\n${chosen.length - failed.length} of ${chosen.length} defences: all rows red without them.`);
  process.exitCode = failed.length === 0 && chosen.length > 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
  await globalThis.removeTestDatabases?.();
}
