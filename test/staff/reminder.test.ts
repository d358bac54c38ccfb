import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { query, sql } from '../../src/database/query.js';
import { queueReminders } from '../../src/staff/reminder.job.js';
import { newId } from '../../src/shared/ids.js';
import { type MailingServer, startMailingServer } from '../account/mail-support.js';
import { insertUser } from '../account/support.js';
import {
  CREATE_EMPLOYEE,
  DELETE_EMPLOYEE,
  DELETE_SCHEDULE,
  done,
  plan,
  RESTORE_SCHEDULE,
  SET_STATUS,
  UPDATE_EMPLOYEE,
  UPDATE_SCHEDULE,
} from './support.js';

let server: MailingServer;
beforeAll(async () => {
  server = await startMailingServer({ SEASON_TIME_ZONE: 'Europe/Vienna' });
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const queue = () => queueReminders(em(), server.jobs);
const dateBefore = (days: number): string => new Date(Date.now() - days * 24 * 3600 * 1000).toISOString().slice(0, 10);
const [TWO_DAYS_AGO, YESTERDAY] = [dateBefore(2), dateBefore(1)];
const PAST = `${TWO_DAYS_AGO}T00:00:00.250Z`;
/** As Message-IDs have it. */
const PAST_DIGITS = `${TWO_DAYS_AGO.replaceAll('-', '')}0000002500`;
const FUTURE = '2100-01-01T00:00:00Z';

/** An employee with a schedule of which they are to be reminded. Nothing else mails them. */
async function remindable(input: Record<string, unknown> = {}) {
  const email = `${newId()}@studio.example.com`;
  const userId = await insertUser(server, { nickname: email });
  const employee = { userId, name: 'x', username: email, email };
  const { createEmployee } = await done(server.graphql(CREATE_EMPLOYEE, { input: employee }, 'service'));
  const employeeId: string = createEmployee.employee.id;
  const { id } = await plan(server, 'service', { employeeId, reminder: true, reminderAt: PAST, ...input });
  return { id, email, employeeId, userId };
}

test('a reminder that is due is mailed once, and says what it is of', async () => {
  const { id, email } = await remindable({
    title: 'Zu Besuch 🎲',
    date: '2026-03-02',
    startTime: '09:00',
    endTime: '10:30',
    location: 'Wien',
    clientName: 'Frau Ö',
  });
  expect(await queue()).toBe(1);
  expect(await queue()).toBe(0);
  const mail = await server.post.next(email);
  expect(mail.subject).toBe('The Game: Zu Besuch 🎲');
  expect(mail.text).toBe(
    'You wanted to be reminded of this: Zu Besuch 🎲\n\nWhen: 2026-03-02, 09:00 to 10:30 (Europe/Vienna)\n\nWhere: Wien\n\nWith: Frau Ö\n',
  );
  expect(mail.messageId).toBe(`<reminder-${id}-${PAST_DIGITS}@laurel>`);
});

/** Waits for a mail that was refused, and has it tried again at once instead of after a while. */
async function tryAgainSoon(): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const hastened = await query(
      em(),
      sql`update laurel_jobs.job set start_after = now()
        where name = 'schedule-reminder-mail' and state = 'retry' returning id`,
    );
    if (hastened.length > 0) {
      return;
    }
    await sleep(100);
  }
}

test('one that the mail server refuses is tried again, with the same id, and holds up no other', async () => {
  server.post.refuse = 1;
  const [one, other] = [await remindable(), await remindable()];
  expect(await queue()).toBe(2);
  const mails = Promise.all([server.post.next(one.email), server.post.next(other.email)]);
  await tryAgainSoon();
  const ids = (await mails).map(({ messageId }) => messageId);
  expect(ids).toEqual([one.id, other.id].map((id) => `<reminder-${id}-${PAST_DIGITS}@laurel>`));
});

test('another time is reminded of anew, an edit of anything else is not', async () => {
  const { id, email } = await remindable();
  await queue();
  await server.post.next(email);
  const edit = (input: Record<string, unknown>) =>
    done(server.graphql(UPDATE_SCHEDULE, { input: { id, ...input } }, 'service'));
  await edit({ version: 1, title: 'Another title' });
  expect(await queue()).toBe(0);
  await edit({ version: 2, reminderAt: `${YESTERDAY}T00:00:00Z` });
  expect(await queue()).toBe(1);
  expect((await server.post.next(email)).messageId).toBe(
    `<reminder-${id}-${YESTERDAY.replaceAll('-', '')}00000000@laurel>`,
  );
});

describe('nobody is reminded', () => {
  test.each([
    ['before it is due', { reminderAt: FUTURE }],
    ['of what was due more than a week ago', { reminderAt: new Date(Date.now() - 7 * 24 * 3600 * 1000).toISOString() }],
    ['who does not want it', { reminder: false }],
  ])('%s', async (_what, input) => {
    await remindable(input);
    expect(await queue()).toBe(0);
  });

  test('of what is cancelled or deleted, until it is back', async () => {
    const { id, email } = await remindable();
    const set = (status: string) => done(server.graphql(SET_STATUS, { input: { id, status } }, 'service'));
    await set('CANCELLED');
    expect(await queue()).toBe(0);
    await set('SCHEDULED');
    await done(server.graphql(DELETE_SCHEDULE, { id }, 'service'));
    expect(await queue()).toBe(0);
    await done(server.graphql(RESTORE_SCHEDULE, { id }, 'service'));
    expect(await queue()).toBe(1);
    await server.post.next(email);
  });

  test('who is inactive, deleted or suspended', async () => {
    const [inactive, deleted, suspended] = [await remindable(), await remindable(), await remindable()];
    const input = { id: inactive.employeeId, version: 1, isActive: false };
    await done(server.graphql(UPDATE_EMPLOYEE, { input }, 'service'));
    await done(server.graphql(DELETE_EMPLOYEE, { id: deleted.employeeId }, 'service'));
    await query(em(), sql`update users set suspended_at = now() where id = ${suspended.userId}`);
    expect(await queue()).toBe(0);
  });

  test('of what is cancelled after the mail was asked for', async () => {
    server.post.refuse = 1;
    const { id } = await remindable();
    await queue();
    while (server.post.refuse > 0) {
      await sleep(20);
    }
    await done(server.graphql(SET_STATUS, { input: { id, status: 'CANCELLED' } }, 'service'));
    const ended = async () =>
      (
        await query(
          em(),
          sql<{ state: string }>`select state::text from laurel_jobs.job
            where name = 'schedule-reminder-mail' and data ->> 'scheduleId' = ${id}`,
        )
      )[0]?.state === 'completed';
    while (!(await ended())) {
      await sleep(200);
    }
    expect(server.post.mails).toEqual([]);
  }, 60_000);
});
