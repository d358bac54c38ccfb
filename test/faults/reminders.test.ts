import { execFileSync } from 'node:child_process';
import { stderr } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Post, startPost } from '../account/mail-support.js';
import { laurel, LaurelProcess } from '../cli/process.js';
import { freePort, type OwnPostgres, ownPostgres } from '../support/own-servers.js';
import { rowsAt } from '../support/rows-at.js';

/** As many as a large staff has at once. */
const DUE = 1000;
const WORKERS = 4;
/** Until it is a new minute, then half a minute without a heartbeat, a minute until that is noticed, and a retry. */
const PATIENCE_MILLISECONDS = 300_000;
jest.setTimeout(PATIENCE_MILLISECONDS + 60_000);

let postgres: OwnPostgres;
let post: Post;
let server: LaurelProcess;

beforeAll(async () => {
  [postgres, post] = [await ownPostgres(), await startPost()];
  await laurel(['migrate', 'upgrade'], { DATABASE_URL: postgres.url });
});
afterAll(async () => {
  server?.kill('SIGTERM');
  await server?.finished;
  await post?.close();
  await postgres?.close();
});

/** Employees with schedules, all to be reminded of by now. */
async function insertDue(): Promise<void> {
  await rowsAt(
    postgres.url,
    `
    insert into users (id, email, nickname)
    select md5('user ' || n)::uuid, 'user' || n || '@example.com', 'user ' || n from generate_series(1, 10) n`,
  );
  await rowsAt(
    postgres.url,
    `
    insert into employees (id, user_id, name, username, email)
    select md5('employee ' || n)::uuid, md5('user ' || n)::uuid, 'x', 'user' || n, 'user' || n || '@example.com'
    from generate_series(1, 10) n`,
  );
  await rowsAt(
    postgres.url,
    `insert into schedules (id, employee_id, type, title, schedule_date, reminder, reminder_at)
      select gen_random_uuid(), md5('employee ' || n % 10 + 1)::uuid, 'meeting', 'Number ' || n, current_date, true, now()
      from generate_series(1, $1::integer) n`,
    [DUE],
  );
}

async function unsent(): Promise<number> {
  const [row] = await rowsAt<{ unsent: number }>(
    postgres.url,
    `select count(*)::int as unsent from schedules where reminder_sent_for is distinct from reminder_at`,
  );
  return row!.unsent;
}

function workers(): number[] {
  const pids = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server.pid)], { encoding: 'utf8' });
  return pids.trim().split('\n').map(Number);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`${post.mails.length} mails have come. ${server.output}`);
    }
    await sleep(20);
  }
}

test(`of ${DUE} reminders none is lost by killing two of ${WORKERS} processes, and what is repeated is what they were sending`, async () => {
  await insertDue();
  server = new LaurelProcess(['serve', '--workers', String(WORKERS)], {
    DATABASE_URL: postgres.url,
    PORT: String(await freePort()),
    SMTP_URL: post.url,
    LOG_LEVEL: 'warn',
  });
  await server.address();
  const killed = workers().slice(0, 2);
  for (const [index, pid] of killed.entries()) {
    await until(() => post.mails.length >= ((index + 1) * DUE) / 5);
    process.kill(pid, 'SIGKILL');
  }
  const atKill = post.mails.length;
  await until(async () => post.mails.length >= DUE && (await unsent()) === 0);
  // What would come twice without reason would come by the next minute.
  await sleep(5000);

  const times = new Map<string, number>();
  for (const { messageId = '' } of post.mails) {
    times.set(messageId, (times.get(messageId) ?? 0) + 1);
  }
  expect(atKill).toBeLessThan(DUE);
  expect(times.size).toBe(DUE);
  const repeats = post.mails.length - DUE;
  // A process sends one at a time.
  expect(repeats).toBeLessThanOrEqual(killed.length);
  expect(Math.max(...times.values())).toBeLessThanOrEqual(2);
  stderr.write(`killed at ${atKill} of ${DUE}, ${repeats} repeated\n`);
});
