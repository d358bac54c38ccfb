/*
 * `npm run bench:feed`: how long the feed of a player with thousands of friends takes in SQL, beside a page of one author's
 * posts and the read of as many posts by their keys.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { signAccessToken } from '../dist/src/account/token.js';
import { sessionId, sessionIdSql, userId, userIdSql } from './ids.js';
import { laurelCommand, TOKEN_SECRET } from './laurel.js';
import { describeMachine } from './machine.js';
import { runPgbench } from './pgbench.js';
import { createDatabase, dropDatabase, takeOrStartPostgres, withClient } from './postgres.js';
import { recordStatements } from './recording.js';
import { median } from './statistics.js';

const USAGE = `Usage: npm run bench:feed -- [options]

  --posts N       posts in all (default 1000000)
  --friends N     friends of the player (default 5000)
  --authors LIST  how many players have written them, with commas (default 20000,100000)
  --rounds N      rounds, of which the median counts (default 3)
  --seconds N     length of one measurement (default 5)
  --postgres URL  a PostgreSQL server on which databases may be made (default: one is started for the run)
`;

/** As many posts as a page has. */
const PAGE = 20;
const VIEWER = 1;
/** One who has written enough for a full page, however many authors share the posts. */
const AUTHOR = 2;
const POSTS_BY_AUTHOR = 50;

const { values } = parseArgs({
  options: {
    posts: { type: 'string', default: '1000000' },
    friends: { type: 'string', default: '5000' },
    authors: { type: 'string', default: '20000,100000' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    postgres: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const [posts, friends, rounds, seconds] = [values.posts, values.friends, values.rounds, values.seconds].map(Number);

const postgres = await takeOrStartPostgres(values.postgres);
try {
  const { cores, cpu, memoryGb, platform, postgres: settings } = await describeMachine(postgres.url);
  console.log(`${cores} cores (${cpu}), ${memoryGb} GB, ${platform}, PostgreSQL ${settings.server_version}`);
  for (const authors of values.authors.split(',').map(Number)) {
    await measure(authors);
  }
} finally {
  postgres.stop();
}

async function measure(authors) {
  const name = `laurel_bench_feed_${authors}`;
  const url = await createDatabase(postgres.url, name);
  try {
    await load(url, authors);
    const { token } = await signAccessToken(Buffer.from(TOKEN_SECRET), userId(VIEWER), sessionId(VIEWER));
    const [feed, byAuthor] = recordStatements(url, [
      { query: `{ feed(first: ${PAGE}) { nodes { title } } }`, token },
      { query: `{ posts(authorId: "${userId(AUTHOR)}", first: ${PAGE}) { nodes { title } } }`, token },
    ]).map((statements) => asScript(statements.find(({ text }) => /posts p/.test(text))));
    const cases = { 'posts by their keys': await byKeys(url), 'page by one author': byAuthor, feed };
    const times = Object.fromEntries(Object.keys(cases).map((title) => [title, []]));
    // The round before the first is for warming up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [title, script] of Object.entries(cases)) {
        const { milliseconds } = await runPgbench(url, { script, constants: {} }, { clients: 1, seconds });
        if (round > 0) {
          times[title].push(milliseconds);
        }
      }
    }
    report(authors, times);
  } finally {
    await dropDatabase(postgres.url, name);
  }
}

function report(authors, times) {
  const share = (100 * friends) / authors;
  console.log(`\n${posts} posts by ${authors} players, ${friends} of them friends (${share.toFixed(1)} %)`);
  const author = median(times['page by one author']);
  for (const [title, measured] of Object.entries(times)) {
    const middle = median(measured);
    console.log(`  ${title.padEnd(20)} ${middle.toFixed(3)} ms  ${(middle / author).toFixed(1)} x`);
  }
}

/** A recorded statement with its values in it. */
function asScript({ text, values: given }) {
  const literal = (value) => (typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`);
  return `${text.replaceAll(/\$(\d+)/g, (_, number) => literal(given[Number(number) - 1]))}\n;\n`;
}

/** The limit of any list: reading as many posts as it has, by their keys. */
async function byKeys(url) {
  const { rows } = await withClient(url, (client) =>
    client.query(`select id from posts order by random() limit ${PAGE + 1}`),
  );
  const ids = rows.map(({ id }) => `'${id}'`).join(', ');
  return `select id, author_id, title, version, created_at, updated_at from posts where id in (${ids})\n;\n`;
}

async function load(url, authors) {
  const { command, args } = laurelCommand('migrate', 'upgrade');
  execFileSync(command, args, { env: { ...process.env, DATABASE_URL: url }, stdio: ['ignore', 'ignore', 'inherit'] });
  await withClient(url, async (client) => {
    await client.query('select setseed(0.5)');
    await client.query(
      `insert into users (id, nickname) select ${userIdSql('n')}, 'player ' || n from generate_series(1, $1::integer) n`,
      [authors],
    );
    // Friends are spread over all players, and everybody has written as much as anybody else, at any time.
    await client.query(
      `insert into friendships (id, requester_id, receiver_id, status, created_at, responded_at)
        select gen_random_uuid(), case when n % 2 = 0 then ${userIdSql('friend')} else ${userIdSql(VIEWER)} end,
          case when n % 2 = 0 then ${userIdSql(VIEWER)} else ${userIdSql('friend')} end, 'accepted', now(), now()
        from (select n, 2 + n * ($1::bigint - 2) / $2::bigint as friend from generate_series(0, $2::integer - 1) n) f`,
      [authors, friends],
    );
    await client.query(
      `insert into posts (id, author_id, title, content, created_at, updated_at)
        select gen_random_uuid(), ${userIdSql('author')}, 'A title of post ' || n, repeat('Some words. ', 40),
          now() - n * interval '10 seconds', now() - n * interval '10 seconds'
        from (
          select n, case
              when n % ($2::integer / ${POSTS_BY_AUTHOR}) = 0 then ${AUTHOR}
              else 1 + floor(random() * $1::integer)
            end as author
          from generate_series(1, $2::integer) n
        ) p`,
      [authors, posts],
    );
    await client.query(
      `insert into sessions (id, user_id, expires_at)
        values (${sessionIdSql(VIEWER)}, ${userIdSql(VIEWER)}, now() + interval '1 day')`,
    );
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  });
}
