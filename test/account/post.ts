import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { callbackify } from 'node:util';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

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
  // Who is killed breaks off what they were sending.
  server.on('error', () => undefined);
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
