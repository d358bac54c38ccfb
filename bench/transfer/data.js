import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { withMariadb } from './mariadb.js';

/** Scores of one player. */
const SCORES_A_PLAYER = 100;

/** Tables of the game service, as its MySQL database had them. */
const TABLES = [
  `create table users (id int not null auto_increment primary key, email varchar(255) not null,
    nickname varchar(100) not null, password varchar(255) not null, birth_date date not null,
    role varchar(20) not null default 'user', unique key ix_users_email (email), key ix_users_id (id))`,
  `create table scores (id int not null auto_increment primary key, user_id int not null, score int not null,
    created_at datetime not null default current_timestamp, key ix_scores_user_id (user_id))`,
  `create table friendships (id int not null auto_increment primary key, requester_id int not null,
    receiver_id int not null, status varchar(20) not null default 'pending',
    created_at datetime not null default current_timestamp,
    unique key uq_friendship_pair (requester_id, receiver_id),
    constraint ck_no_self_friend check (requester_id <> receiver_id))`,
  `create table monthly_scores (id int not null auto_increment primary key, user_id int not null, year int not null,
    month int not null, score int not null, updated_at datetime not null default current_timestamp,
    unique key uq_monthly_scores (user_id, year, month))`,
  `create table game_visits (id int not null auto_increment primary key, user_id int not null,
    visit_date date not null, visit_count int not null default 1,
    unique key uq_game_visits (user_id, visit_date))`,
];

/**
 * Makes the game service's database on a MariaDB server, in the place of one that an interrupted run has left: so many
 * scores over three years, and the players who have them.
 * @returns its URL
 */
export async function loadGame(serverUrl, name, rows) {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await withMariadb(serverUrl, async (connection) => {
    await connection.query(`drop database if exists ${name}`);
    await connection.query(`create database ${name} character set utf8mb4`);
  });
  const players = Math.ceil(rows / SCORES_A_PLAYER);
  await withMariadb(url.href, async (connection) => {
    for (const table of TABLES) {
      await connection.query(table);
    }
    await connection.query(
      `insert into users (email, nickname, password, birth_date)
        select concat('player', seq, '@example.com'), concat('player ', seq), concat('$2b$10$', rpad(md5(seq), 53, 'x')),
          date('1990-01-01') + interval (seq % 7000) day from seq_1_to_${players}`,
    );
    await connection.query(
      `insert into scores (user_id, score, created_at)
        select 1 + seq * 7919 % ${players}, crc32(seq) % 100000,
          timestamp('2023-01-01') + interval (seq * 94 % 94608000) second from seq_1_to_${rows}`,
    );
    await connection.query('analyze table users, scores');
  });
  return url.href;
}

/** Drops a database of this run. */
export async function dropGame(serverUrl, name) {
  await withMariadb(serverUrl, (connection) => connection.query(`drop database if exists ${name}`));
}

/** Writes the scores of a database into a file as `psql`'s `\copy` reads them, by MariaDB's own client. */
export async function writeScoresFile(url, file) {
  const { hostname, port, username, password, pathname } = new URL(url);
  const output = openSync(file, 'w');
  try {
    const child = spawn(
      'mariadb',
      [
        '--no-defaults',
        '--protocol=tcp',
        `--host=${hostname}`,
        `--port=${port || 3306}`,
        `--user=${decodeURIComponent(username)}`,
        '--batch',
        '--quick',
        '--skip-column-names',
        '--execute=select id, user_id, score, created_at from scores',
        pathname.slice(1),
      ],
      { stdio: ['ignore', output, 'inherit'], env: { ...process.env, MYSQL_PWD: decodeURIComponent(password) } },
    );
    const [code] = await once(child, 'exit');
    if (code !== 0) {
      throw new Error(`The scores could not be written into a file: mariadb ended with ${code}.`);
    }
  } finally {
    closeSync(output);
  }
}
