import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { callbackify } from 'node:util';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { loadConfig } from '../../src/config.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { jobKinds } from '../../src/jobs/kinds.js';
import { createLog } from '../../src/log.js';
import { createMailer } from '../../src/mail/mailer.js';
import { openTestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';

const PATIENCE_MILLISECONDS = 20_000;

/** A real SMTP server on loopback that keeps what it gets. */
export interface Post {
  url: string;
  mails: ParsedMail[];
  /** How many of the next mails it is to refuse for the moment. */
  refuse: number;
  /** Waits for the next mail to that address that nobody has taken yet. */
  next(to: string): Promise<ParsedMail>;
  close(): Promise<void>;
}

export async function startPost(): Promise<Post> {
  const mails: ParsedMail[] = [];
  const keep = async (stream: Readable): Promise<undefined> => {
    const mail = await simpleParser(stream);
    if (post.refuse > 0) {
      post.refuse -= 1;
      throw Object.assign(new Error('Come back later'), { responseCode: 451 });
    }
    mails.push(mail);
    return undefined;
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, callback) => {
      callbackify(keep)(stream, callback);
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.server.address() as { port: number };
  const post: Post = {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refuse: 0,
    next: async (to) => {
      const deadline = performance.now() + PATIENCE_MILLISECONDS;
      for (;;) {
        const index = mails.findIndex((mail) => addressOf(mail)?.toLowerCase() === to.toLowerCase());
        if (index !== -1) {
          return mails.splice(index, 1)[0]!;
        }
        if (performance.now() > deadline) {
          throw new Error(`No mail has come to ${to}.`);
        }
        await sleep(50);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
  return post;
}

function addressOf({ to }: ParsedMail): string | undefined {
  return Array.isArray(to) ? to[0]?.text : to?.text;
}

/** The token out of the link in a mail. */
export function tokenIn({ text = '' }: ParsedMail): string {
  const [, token] = /#token=(\S+)/.exec(text) ?? [];
  if (token === undefined) {
    throw new Error(`There is no link in: ${text}`);
  }
  return token;
}

export interface MailingServer extends TestServer {
  post: Post;
}

/** A server whose mails go to a post of its own, with the job runner at work. */
export async function startMailingServer(settings: NodeJS.ProcessEnv = {}): Promise<MailingServer> {
  const post = await startPost();
  const folder = mkdtempSync(join(tmpdir(), 'laurel-mail-'));
  const all = {
    SMTP_URL: post.url,
    APP_URL: 'https://game.example.com',
    GAME_NAME: 'The Game',
    DATA_DIR: folder,
    ...settings,
  };
  const config = loadConfig({ NODE_ENV: 'test', ...all });
  const log = createLog('silent');
  const database = await openTestDatabase();
  const mailer = createMailer(config, log)!;
  const kinds = jobKinds(config, mailer);
  const jobs = await Jobs.open(database, database.url, kinds, log);
  await jobs.work(database.orm.em, kinds);
  const server = await startTestServer(all, database, undefined, jobs);
  return {
    ...server,
    post,
    close: async () => {
      await jobs.stop();
      mailer.close();
      await server.close();
      await post.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
