import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';
import { mailEnded } from '../observability/topics.js';

/** A mail as somebody gets it. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** The same for every attempt to send this mail, so that readers and servers take repeats for one. */
  messageId: string;
}

/** Sends mails. */
export interface Mailer {
  /** Resolves when the next server has taken the mail. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

export interface MailSettings {
  smtpUrl: string | undefined;
  mailFrom: string;
  dataDir: string;
  production: boolean;
}

/** A server that does not answer must not keep a job for ever. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };

/** Mails are for one person alone. */
const OWNER_ONLY = { folder: 0o700, file: 0o600 };

/**
 * Sends through SMTP where the settings name a server. Without one, outside production, mails are files in
 * `DATA_DIR/outbox`.
 * @returns undefined in production without a server: then nothing can be sent
 */
export function createMailer(settings: MailSettings, log: Logger): Mailer | undefined {
  const mailer = chooseMailer(settings, log);
  return mailer && { ...mailer, send: (mail) => tellingOf(mailer.send(mail)) };
}

async function tellingOf(sending: Promise<void>): Promise<void> {
  try {
    await sending;
    mailEnded.tell({ failed: false });
  } catch (error) {
    mailEnded.tell({ failed: true });
    throw withoutAddresses(error);
  }
}

/** What a mail server says often has the address of the player in it, and what is thrown here is logged. */
function withoutAddresses(error: unknown): Error {
  const { code, responseCode, command } = error as { code?: string; responseCode?: number; command?: string };
  const told = [code, responseCode, command].filter((part) => part !== undefined);
  return Object.assign(new Error(`The mail was not taken${told.length === 0 ? '' : `: ${told.join(' ')}`}`), {
    code,
    responseCode,
  });
}

function chooseMailer({ smtpUrl, mailFrom, dataDir, production }: MailSettings, log: Logger): Mailer | undefined {
  if (smtpUrl !== undefined) {
    const transport = createTransport({ url: smtpUrl, pool: true, maxConnections: 2, ...TIMEOUTS }, { from: mailFrom });
    return {
      send: async (mail) => {
        await transport.sendMail(mail);
      },
      close: () => transport.close(),
    };
  }
  return production ? undefined : outbox(join(dataDir, 'outbox'), mailFrom, log);
}

function outbox(folder: string, from: string, log: Logger): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' }, { from });
  return {
    send: async (mail) => {
      const { message } = await transport.sendMail(mail);
      mkdirSync(folder, { recursive: true, mode: OWNER_ONLY.folder });
      const file = join(folder, `${mail.messageId.replaceAll(/[^\w-]/g, '_')}.eml`);
      writeFileSync(file, message as Buffer, { mode: OWNER_ONLY.file });
      // Neither the address nor what is in the mail: links in it sign people in.
      log.info({ file, subject: mail.subject }, 'A mail was written to the outbox, as there is no SMTP_URL');
    },
    close: () => undefined,
  };
}
