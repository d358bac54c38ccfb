import { type Command, InvalidArgumentError } from 'commander';
import { ADMIN_LINK_HOURS, type AdminProblem, createAdmin } from '../account/admin.service.js';
import { checkEmail } from '../account/account-rules.js';
import { normalizeNickname } from '../account/nickname.js';
import { AppError } from '../errors.js';
import { passwordLink } from '../mail/templates.js';
import { toDate } from '../shared/instant.js';
import { CommandError, withDatabase } from './command.js';

interface CreateOptions {
  email: string;
  nickname: string;
  json?: true;
}

const PROBLEMS: Readonly<Record<AdminProblem, string>> = {
  deleted:
    'The email belongs to a deleted account. Nothing was changed. Restore that account, or choose another email.',
  'not confirmed':
    'An account has this email, and nobody has confirmed it: it may be somebody else who registered with it. Nothing was changed. Confirm the address first, or choose another email; an admin can make the account one with setRole.',
  'nickname taken':
    'Another player has this nickname, or one that reads the same. Nothing was changed. Choose another one.',
};

/** `laurel admin`: the first admin, and any that is to have no password from elsewhere. */
export function addAdmin(program: Command): void {
  const admin = program.command('admin').description('make admins');
  admin
    .command('create')
    .description(
      `make an admin, and print a link with which they set their password, once, within ${ADMIN_LINK_HOURS} hours`,
    )
    .requiredOption('--email <address>', 'of the admin; an account that has it becomes an admin', parseEmail)
    .requiredOption('--nickname <name>', 'of a new account', parseNickname)
    .option('--json', 'report as JSON')
    .addHelpText(
      'after',
      '\nFor an admin who has set no password yet, a new link takes the place of the one before.\n\nExample:\n  laurel admin create --email ada@example.com --nickname ada',
    )
    .action(({ email, nickname, json }: CreateOptions) =>
      withDatabase(async ({ orm }, { appUrl }) => {
        const made = await createAdmin(orm.em.fork(), { email, nickname });
        if (typeof made === 'string') {
          throw new CommandError(PROBLEMS[made]);
        }
        const { id, created, token, tokenExpiresAt } = made;
        const link = token === null ? null : passwordLink(appUrl, token);
        const expiresAt = tokenExpiresAt === null ? null : toDate(tokenExpiresAt).toISOString();
        if (json) {
          console.log(JSON.stringify({ id, created, link, token, expiresAt }));
          return;
        }
        console.log(created ? `${id}  is a new admin.` : `${id}  was there already, and is an admin.`);
        if (token === null) {
          console.log('The account keeps its password.');
          return;
        }
        console.log(`Its password is set here, once, until ${expiresAt}. The link is shown this once:`);
        console.log(link);
        console.log('Without such a page, by the mutation resetPassword, with what is behind token= as the token.');
      }),
    );
}

function parseEmail(text: string): string {
  return explained(() => {
    checkEmail(text, 'email');
    return text;
  });
}

function parseNickname(text: string): string {
  return explained(() => normalizeNickname(text, 'nickname'));
}

function explained(parse: () => string): string {
  try {
    return parse();
  } catch (error) {
    throw error instanceof AppError ? new InvalidArgumentError(error.message) : error;
  }
}
