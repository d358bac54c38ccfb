import { expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { createLog } from '../../src/log.js';
import { createMailer } from '../../src/mail/mailer.js';

test('what a mail server says of an address stays out of the error, which is logged', async () => {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: ({ address }, _session, callback) => {
      callback(Object.assign(new Error(`5.1.1 <${address}>: User unknown`), { responseCode: 550 }));
    },
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.server.address() as { port: number };
  const mailer = createMailer(
    { smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom: 'game@example.com', dataDir: '', production: true },
    createLog('silent'),
  )!;
  try {
    const error = await mailer
      .send({ to: 'player@example.com', subject: 'Hello', text: 'Hello', messageId: '<1@laurel>' })
      .then(() => undefined)
      .catch((reason: Error) => reason);
    expect(error?.message).toBe('The mail was not taken: EENVELOPE 550 RCPT TO');
    expect(JSON.stringify([error, error?.message, error?.stack, error?.cause])).not.toContain('player@');
  } finally {
    mailer.close();
    await new Promise<void>((resolve) => {
      server.close(resolve);
    });
  }
});
