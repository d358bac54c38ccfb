import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config.js';
import { Jobs } from '../../src/jobs/jobs.js';
import { jobKinds } from '../../src/jobs/kinds.js';
import { createLog } from '../../src/log.js';
import { createMailer } from '../../src/mail/mailer.js';
import { openTestDatabase } from '../support/database.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { type Post, startPost } from './post.js';

export { type Post, startPost, tokenIn } from './post.js';

export interface MailingServer extends TestServer {
  post: Post;
  jobs: Jobs;
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
    jobs,
    close: async () => {
      await jobs.stop();
      mailer.close();
      await server.close();
      await post.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
