import type { FastifyInstance, FastifyRequest } from 'fastify';
import { hashOneTimeToken } from '../account/one-time-token.js';
import type { ServerConfig } from '../config.js';
import type { Database } from '../database/database.js';
import { CALENDAR_PATH, findCalendar } from './calendar.service.js';
import { CALENDAR_TTL, writeCalendar } from './calendar.js';

/** The secret in an address: 256 bits, and the ending by which programs know what it is. */
const FILE = /^([\w-]{43})\.ics$/;

interface CalendarRoute {
  Params: { file: string };
}

/** `GET /calendar/SECRET.ics` is an employee's calendar, for whoever has its address. Nothing logs the address. */
export function registerCalendar(http: FastifyInstance, database: Database, config: ServerConfig): void {
  http.get(`${CALENDAR_PATH}/:file`, async (request: FastifyRequest<CalendarRoute>, reply) => {
    const [, token] = FILE.exec(request.params.file) ?? [];
    const calendar =
      token === undefined
        ? undefined
        : await findCalendar(database.orm.em.fork(), hashOneTimeToken(token), config.seasonTimeZone);
    if (calendar === undefined) {
      reply.header('cache-control', 'no-store').callNotFound();
      return reply;
    }
    return reply
      .header('content-type', 'text/calendar; charset=utf-8')
      .header('cache-control', `private, max-age=${CALENDAR_TTL}`)
      .send(writeCalendar(calendar));
  });
}
