import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ICAL from 'ical.js';
import { query, sql } from '../../src/database/query.js';
import { newId } from '../../src/shared/ids.js';
import { createLog } from '../../src/log.js';
import { createServer } from '../../src/server.js';
import { type Player, startTestServer, type TestServer } from '../support/server.js';
import {
  DELETE_SCHEDULE,
  done,
  errorsIn,
  hire,
  plan,
  SET_STATUS,
  UPDATE_EMPLOYEE,
  UPDATE_SCHEDULE,
} from './support.js';

const RENEW = `mutation { renewCalendar { address } }`;
const WITHDRAW = `mutation { withdrawCalendar { employee { id } } }`;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ PUBLIC_URL: 'https://game.example.com/', SEASON_TIME_ZONE: 'Asia/Seoul' });
});
afterAll(() => server.close());

const em = () => server.database.orm.em.fork();
const fetchPath = (url: string) => server.http.inject({ method: 'GET', url });

async function renew(as: Player): Promise<string> {
  const { renewCalendar } = await done(server.graphql<{ renewCalendar: { address: string } }>(RENEW, {}, as));
  const { origin, pathname } = new URL(renewCalendar.address);
  expect(origin).toBe('https://game.example.com');
  return pathname;
}

/** The events of a calendar, as a calendar program reads them. */
async function eventsAt(path: string): Promise<ICAL.Event[]> {
  const { statusCode, body } = await fetchPath(path);
  expect(statusCode).toBe(200);
  const calendar = new ICAL.Component(ICAL.parse(body));
  return calendar.getAllSubcomponents('vevent').map((event) => new ICAL.Event(event));
}

const valueOf = (event: ICAL.Event | undefined, name: string): string =>
  String(event?.component.getFirstPropertyValue(name));
/** Of this year, so that none is too old to be there. */
const YEAR = new Date().getUTCFullYear() + 1;

describe('a calendar', () => {
  test('has every schedule, with its times in the zone of the employee', async () => {
    const own = await hire(server);
    await query(em(), sql`update users set time_zone = 'America/New_York' where id = ${own.id}`);
    const title = 'Zu Besuch; 데모, "mit" \\ 🎲 '.repeat(5).trim();
    const description = 'First line\nsecond; line, with \\ all';
    const made = await plan(server, own, {
      type: 'VISIT',
      title,
      description,
      date: `${YEAR}-07-01`,
      startTime: '09:00',
      endTime: '10:30',
      location: 'Broadway, 1',
      clientName: 'Client',
      priority: 'HIGH',
      reminder: true,
      reminderAt: `${YEAR}-07-01T12:30:00Z`,
    });
    const path = await renew(own);
    const [event, ...others] = await eventsAt(path);
    expect(others).toEqual([]);
    expect(event?.uid).toBe(`${made.id}@laurel`);
    expect(event?.summary).toBe(title);
    expect(event?.description).toBe(`${description}\nClient: Client`);
    expect(event?.location).toBe('Broadway, 1');
    // New York is four hours behind in summer.
    expect(event?.startDate.toJSDate().toISOString()).toBe(`${YEAR}-07-01T13:00:00.000Z`);
    expect(event?.endDate.toJSDate().toISOString()).toBe(`${YEAR}-07-01T14:30:00.000Z`);
    expect([valueOf(event, 'status'), valueOf(event, 'priority'), event?.sequence]).toEqual(['CONFIRMED', '1', 1]);
    const alarm = event?.component.getFirstSubcomponent('valarm');
    expect(alarm?.getFirstPropertyValue('action')).toBe('DISPLAY');
    expect(String(alarm?.getFirstPropertyValue('trigger'))).toBe(`${YEAR}-07-01T12:30:00Z`);

    const { body, headers } = await fetchPath(path);
    expect(headers['content-type']).toBe('text/calendar; charset=utf-8');
    expect(headers['cache-control']).toBe('private, max-age=900');
    const lines = body.split('\r\n');
    expect(lines.filter((line) => Buffer.byteLength(line) > 75)).toEqual([]);
    expect(body.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  test('follows edits and cancellations under the same id, and loses what is deleted', async () => {
    const own = await hire(server);
    const made = await plan(server, own, { date: `${YEAR}-01-02`, startTime: '00:30', endTime: '01:00' });
    const path = await renew(own);
    const [before] = await eventsAt(path);
    // Of the server's zone: Seoul is nine hours ahead.
    expect(before?.startDate.toJSDate().toISOString()).toBe(`${YEAR}-01-01T15:30:00.000Z`);
    const change = { id: made.id, version: 1, startTime: null, endTime: null };
    await done(server.graphql(UPDATE_SCHEDULE, { input: change }, own));
    await done(server.graphql(SET_STATUS, { input: { id: made.id, status: 'CANCELLED' } }, own));
    const [after] = await eventsAt(path);
    expect([after?.uid, after?.sequence, valueOf(after, 'status')]).toEqual([before?.uid, 3, 'CANCELLED']);
    expect(after?.startDate.isDate).toBe(true);
    expect(after?.startDate.toString()).toBe(`${YEAR}-01-02`);
    await done(server.graphql(DELETE_SCHEDULE, { id: made.id }, own));
    expect(await eventsAt(path)).toEqual([]);
  });

  test('takes what was carried over with an end before its start', async () => {
    const own = await hire(server);
    await query(
      em(),
      sql`insert into schedules (id, legacy_id, employee_id, type, title, schedule_date, start_time, end_time)
        values (${newId()}, 1, ${own.employeeId}, 'visit', 'x', ${`${YEAR}-01-02`}, '10:00', '09:00')`,
    );
    const [event] = await eventsAt(await renew(own));
    expect(event?.startDate.toJSDate().toISOString()).toBe(`${YEAR}-01-02T01:00:00.000Z`);
  });

  test('takes what was carried over with its end at midnight', async () => {
    const own = await hire(server);
    await query(
      em(),
      sql`insert into schedules (id, legacy_id, employee_id, type, title, schedule_date, start_time, end_time)
        values (${newId()}, 2, ${own.employeeId}, 'visit', 'x', ${`${YEAR}-01-02`}, '22:00', '24:00')`,
    );
    const [event] = await eventsAt(await renew(own));
    expect(event?.startDate.toJSDate().toISOString()).toBe(`${YEAR}-01-02T13:00:00.000Z`);
    expect(event?.endDate.toJSDate().toISOString()).toBe(`${YEAR}-01-02T15:00:00.000Z`);
  });

  test.each(['03:15', '03:30'])('says no end before the start that clocks skip: %s', async (endTime) => {
    const own = await hire(server);
    await query(em(), sql`update users set time_zone = 'America/New_York' where id = ${own.id}`);
    // At two o'clock they go on to three.
    await plan(server, own, { date: '2999-03-10', startTime: '02:30', endTime });
    const [event] = await eventsAt(await renew(own));
    expect(valueOf(event, 'dtstart')).toBe('2999-03-10T07:30:00Z');
    expect(event?.component.hasProperty('dtend')).toBe(false);
  });

  test('leaves out what calendars cannot say: control characters, and the end of time', async () => {
    const own = await hire(server);
    await query(em(), sql`update users set time_zone = 'America/New_York' where id = ${own.id}`);
    await plan(server, own, { date: `${YEAR}-01-02`, description: 'a\u0001b\u000bc\u0085d\te\nf' });
    await plan(server, own, { date: '9999-12-31', startTime: '23:00' });
    await plan(server, own, { date: '9999-12-31' });
    const [event, ...others] = await eventsAt(await renew(own));
    expect(event?.description).toBe('abcd\te\nf');
    expect(others).toEqual([]);
  });
});

describe('its address', () => {
  test('is the employee’s own to renew and to withdraw', async () => {
    const own = await hire(server);
    const first = await renew(own);
    expect(first).toMatch(/^\/calendar\/[\w-]{43}\.ics$/);
    const second = await renew(own);
    expect((await fetchPath(first)).statusCode).toBe(404);
    expect((await fetchPath(second)).statusCode).toBe(200);
    const { withdrawCalendar } = await done(server.graphql(WITHDRAW, {}, own));
    expect(withdrawCalendar.employee.id).toBe(own.employeeId);
    for (let time = 0; time < 2; time += 1) {
      const gone = await fetchPath(second);
      expect([gone.statusCode, gone.headers['cache-control']]).toEqual([404, 'no-store']);
      await done(server.graphql(WITHDRAW, {}, own));
    }
  });

  test('is for employees', async () => {
    const stranger = await server.player();
    for (const mutation of [RENEW, WITHDRAW]) {
      expect(errorsIn(await server.graphql(mutation, {}, null))).toEqual([{ code: 'UNAUTHENTICATED' }]);
      for (const as of [stranger, 'service'] as const) {
        expect(errorsIn(await server.graphql(mutation, {}, as))).toEqual([{ code: 'FORBIDDEN' }]);
      }
    }
  });

  test.each([
    '/calendar/x.ics',
    `/calendar/${'a'.repeat(43)}.ics`,
    `/calendar/${'a'.repeat(43)}`,
    '/calendar/',
    '/calendar/%00.ics',
  ])('that was made up is none: %s', async (path) => {
    const { statusCode, body } = await fetchPath(path);
    expect(statusCode).toBe(404);
    expect(JSON.parse(body).errors[0].extensions.code).toBe('NOT_FOUND');
  });

  test('ends with the rights of the employee, and comes back with them', async () => {
    const own = await hire(server);
    const path = await renew(own);
    const set = (version: number, isActive: boolean) =>
      done(server.graphql(UPDATE_EMPLOYEE, { input: { id: own.employeeId, version, isActive } }, 'service'));
    await set(1, false);
    expect((await fetchPath(path)).statusCode).toBe(404);
    await set(2, true);
    expect((await fetchPath(path)).statusCode).toBe(200);
    await query(em(), sql`update users set suspended_at = now() where id = ${own.id}`);
    expect((await fetchPath(path)).statusCode).toBe(404);
  });

  test('is stored as a hash, and logged by nobody', async () => {
    const own = await hire(server);
    const path = await renew(own);
    const token = path.slice('/calendar/'.length, -'.ics'.length);
    const stored = await query(
      em(),
      sql`select to_jsonb(e)::text as row from employees e where e.id = ${own.employeeId}`,
    );
    expect(JSON.stringify(stored)).not.toContain(token);
    let logged = '';
    const destination = new Writable({
      write: (chunk, _encoding, callback) => {
        logged += String(chunk);
        callback();
      },
    });
    const talkative = await createServer(server.database, server.config, createLog('trace', destination));
    expect((await talkative.http.inject({ method: 'GET', url: path })).statusCode).toBe(200);
    await query(em(), sql`alter table schedules rename to schedules_away`);
    expect((await talkative.http.inject({ method: 'GET', url: path })).statusCode).toBe(500);
    await query(em(), sql`alter table schedules_away rename to schedules`);
    expect(logged).toContain('A request failed');
    expect(logged).not.toContain(token);
    await talkative.apollo.stop();
    await talkative.http.close();
  });
});
