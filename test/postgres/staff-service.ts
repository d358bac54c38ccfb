/** The hash that the old service stored for `password-2`. */
const BCRYPT = '$2b$10$hexseraFixtureSalt02aetlB.B3y2U9jkuoKuaZ96ceql6r4gM8W';

/**
 * SQL of a staff service's database with 60 employees and 400 schedules that nothing is wrong with: deleted, inactive,
 * never changed and long past ones among them. Its times are those of clocks in Seoul.
 * @param strict with the keys and types that the service makes; without, anything can be put beside them
 */
export function staffService(strict: boolean): string {
  const word = (name: string): string => (strict ? name : 'varchar(20)');
  const cast = (type: string, sql: string): string => (strict ? `upper(${sql})::${type}` : `(${sql})`);
  const key = (sql: string): string => (strict ? sql : '');
  return `
    ${
      strict
        ? `create type userrole as enum ('ADMIN', 'USER');
           create type scheduletype as enum ('VISIT', 'MEETING', 'TRAINING', 'REPORT', 'OTHER');
           create type schedulestatus as enum ('SCHEDULED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED');
           create type priority as enum ('HIGH', 'MEDIUM', 'LOW');`
        : ''
    }
    create table employees (
      employee_id ${strict ? 'serial primary key' : 'integer'}, email varchar(100) ${key('not null unique')},
      username varchar(50) ${key('not null unique')}, password varchar(255) ${key('not null')},
      name varchar(100) ${key('not null')}, role ${word('userrole')} ${key('not null')}, is_active boolean default true,
      is_deleted boolean default false, deleted_at timestamp, created_at timestamp default now()
    );
    create table schedules (
      schedule_id ${strict ? 'serial primary key' : 'integer'},
      employee_id integer ${key('not null references employees (employee_id)')},
      schedule_type ${word('scheduletype')} ${key('not null')}, title varchar(200) ${key('not null')},
      schedule_date ${strict ? 'timestamp' : 'date'} ${key('not null')}, description text,
      start_time ${strict ? 'timestamp' : 'time'}, end_time ${strict ? 'timestamp' : 'time'}, location varchar(200),
      client_name varchar(100), client_contact varchar(100), purpose text,
      status ${word('schedulestatus')}, priority ${word('priority')}, result text, follow_up text,
      reminder boolean default false, reminder_time timestamp, created_at timestamp default now(), updated_at timestamp,
      is_deleted boolean default false, deleted_at timestamp
    );
    insert into employees
    select 3 * n, 'Staff' || n || '@Example.com', 'staff' || n, '${BCRYPT}',
      (array['Kim Minji', 'Lee Joon', 'Ana María', '박서준', 'O''Neill'])[1 + n % 5] || ' ' || n / 5,
      ${cast('userrole', `case when n % 20 = 1 then 'admin' else 'user' end`)}, n % 7 > 0, n % 10 = 0,
      case when n % 10 = 0 then timestamp '2024-06-01 09:30:00.123456' + n * interval '1 hour' end,
      timestamp '2023-01-02 03:04:05.678901' + n * interval '1 day'
    from generate_series(1, 60) n;
    insert into schedules
    select 2 * n, 3 * (1 + n % 60),
      ${cast('scheduletype', `(array['visit', 'meeting', 'training', 'report', 'other'])[1 + n % 5]`)},
      'Plan ' || n || case when n % 9 = 0 then E' – "quoted", with a\\tab' else '' end,
      day, case when n % 2 = 0 then E'Line one\\nline two of ' || n end,
      case when n % 3 > 0 then ${strict ? 'day + ' : ''}time '09:00' + n % 8 * interval '1 hour' end,
      case when n % 3 = 1 then ${strict ? 'day + ' : ''}time '09:45:30.5' + n % 8 * interval '1 hour' end,
      case when n % 4 = 0 then '서울 office ' || n end, case when n % 5 = 0 then 'Client ' || n end,
      case when n % 5 = 0 then '+82 2 0000 ' || n end, case when n % 6 = 0 then '' end,
      ${cast('schedulestatus', `(array['scheduled', 'in_progress', 'completed', 'cancelled'])[1 + n % 4]`)},
      ${cast('priority', `(array['high', 'medium', 'low'])[1 + n % 3]`)},
      case when n % 4 = 2 then 'Went well' end, case when n % 8 = 2 then 'Call again' end,
      n % 3 = 0, case when n % 3 = 0 then day + interval '8 hours' end,
      timestamp '2025-01-01 00:00:00.000001' + n * interval '1 minute',
      case when n % 4 > 0 then timestamp '2025-06-01 12:00' + n * interval '1 minute' end,
      n % 11 = 0, case when n % 11 = 0 then timestamp '2025-07-01 12:00' + n * interval '1 minute' end
    from (select n, timestamp '2025-12-01' + n * interval '2 days' as day from generate_series(1, 400) n) days`;
}

/** SQL of what can be wrong beside that: 10 employees and 12 schedules, of which each says what it is. */
export const FAULTS = `
  insert into employees values
    (901, 'staff5@example.com', 'case', '${BCRYPT}', 'Same address', 'user', true, false, null, '2025-01-01'),
    (902, 'no address', 'malformed', '${BCRYPT}', 'Malformed address', 'user', true, false, null, '2025-01-01'),
    (903, 's903@example.com', 'STAFF6', '${BCRYPT}', 'Same username', 'user', true, false, null, '2025-01-01'),
    (904, 's904@example.com', 's904', '${BCRYPT}', 'Unknown role', 'boss', true, false, null, '2025-01-01'),
    (905, 's905@example.com', 's905', 'plain text', 'No hash', 'user', true, false, null, '2025-01-01'),
    (906, 's906@example.com', 's906', '${BCRYPT}', 'Deleted at no time', 'user', null, true, null, '2025-01-01'),
    (907, 's907@example.com', 's907', '${BCRYPT}', null, 'user', true, false, null, '2025-01-01'),
    (908, 's908@example.com', 's908', '${BCRYPT}', 'Forever', 'user', true, false, null, 'infinity'),
    (909, 'Player1@example.com', 's909', '${BCRYPT}', 'Has a confirmed account', 'admin', true, false, null, '2025-01-01'),
    (910, 'player2@example.com', 's910', '${BCRYPT}', 'Has another''s account', 'admin', true, false, null, '2025-01-01');
  insert into schedules (schedule_id, employee_id, schedule_type, title, schedule_date, start_time, end_time, status, priority,
      reminder, reminder_time, created_at, updated_at, is_deleted, deleted_at) values
    (2001, 99999, 'visit', 'Nobody''s', '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2002, 902, 'visit', 'Of a rejected one', '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2003, 3, 'party', 'Unknown type', '2026-01-01', null, null, null, 'urgent', null, null, '2025-01-01', null, null, null),
    (2004, 3, 'visit', null, '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2005, 3, 'visit', 'Ends before it starts', '2026-01-01', '18:00', '09:00', 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2006, 3, 'visit', 'Reminds at no time', '2026-01-01', null, null, 'scheduled', 'low', true, null, '2025-01-01', null, false, null),
    (2007, 3, 'visit', 'On no day', null, null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2008, 3, 'visit', 'Restored', '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, '2025-02-01'),
    (2009, 3, 'visit', 'Beyond the calendar', '20000-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2010, 3, 'visit', 'Twice', '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2010, 3, 'visit', 'Twice, another time', '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null),
    (2011, null, 'visit', 'Of no employee', '2026-01-01', null, null, 'scheduled', 'low', false, null, '2025-01-01', null, false, null)`;

/** SQL of a Laurel in use: a player who has confirmed the address of an employee, one who has not, and a name that is taken. */
export const PLAYERS = `
  insert into users (id, email, nickname, email_verified_at) values
    ('01900000-0000-7000-8000-00000000a001', 'player1@example.com', 'Player One', now()),
    ('01900000-0000-7000-8000-00000000a002', 'player2@example.com', 'Player Two', null),
    ('01900000-0000-7000-8000-00000000a003', 'player3@example.com', 'lee joon 0', now())`;
