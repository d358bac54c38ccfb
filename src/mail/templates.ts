import type { Mail } from './mailer.js';

type Written = Pick<Mail, 'subject' | 'text'>;

/** What mails are written with. */
export interface Letterhead {
  /** The game's name. */
  gameName: string;
  /** Where links lead: the game's own page, which calls the API with what is behind `#`. */
  appUrl: string;
}

/** Asks whoever reads an address to confirm it. @param hours until the link ends */
export function verificationMail({ gameName, appUrl }: Letterhead, token: string, hours: number): Written {
  return {
    subject: `${gameName}: confirm your email address`,
    text: lines(
      `Somebody, most likely you, has given this address to an account of ${gameName}.`,
      `To confirm that it is yours, open this link within ${hours} hours:`,
      link(appUrl, 'verify-email', token),
      'If it was not you, do nothing: the account cannot use this address then.',
    ),
  };
}

/** Tells an address that is in use already that somebody wanted it for another account. */
export function addressInUseMail({ gameName }: Letterhead): Written {
  return {
    subject: `${gameName}: your address was given to another account`,
    text: lines(
      `Somebody wanted to use this address for another account of ${gameName}. It belongs to yours, so nothing was changed.`,
      'If it was you, sign in to the account that has it. If not, there is nothing to do.',
    ),
  };
}

/** Tells the old address that it is not the account's any more. */
export function addressChangedMail({ gameName }: Letterhead): Written {
  return {
    subject: `${gameName}: your account has another address now`,
    text: lines(
      `The address of your account of ${gameName} was changed, and the new one was confirmed.`,
      'If it was not you, somebody else has your account: write to the makers of the game at once.',
    ),
  };
}

/** @param minutes until the link ends */
export function passwordResetMail({ gameName, appUrl }: Letterhead, token: string, minutes: number): Written {
  return {
    subject: `${gameName}: set a new password`,
    text: lines(
      `Somebody, most likely you, wants a new password for your account of ${gameName}.`,
      `To set it, open this link within ${minutes} minutes:`,
      passwordLink(appUrl, token),
      'If it was not you, do nothing: your password stays as it is.',
    ),
  };
}

/** Tells that the password is another one. */
export function passwordChangedMail({ gameName }: Letterhead): Written {
  return {
    subject: `${gameName}: your password was changed`,
    text: lines(
      `The password of your account of ${gameName} was changed, and all other sessions were ended.`,
      'If it was not you, ask for a new password at once: the game offers it where one signs in.',
    ),
  };
}

/** What a reminder tells of a schedule. */
export interface Reminded {
  title: string;
  /** YYYY-MM-DD. */
  date: string;
  /** HH:MM:SS. */
  startTime: string | null;
  endTime: string | null;
  /** IANA name of the zone that date and times are of. */
  timeZone: string;
  location: string | null;
  clientName: string | null;
}

/** Reminds an employee of what they have planned. */
export function reminderMail({ gameName }: Letterhead, reminded: Reminded): Written {
  const { title, date, startTime, endTime, timeZone, location, clientName } = reminded;
  const from = startTime === null ? '' : `, ${startTime.slice(0, 5)}`;
  const to = endTime === null ? '' : ` to ${endTime.slice(0, 5)}`;
  return {
    subject: `${gameName}: ${title}`,
    text: lines(
      `You wanted to be reminded of this: ${title}`,
      `When: ${date}${from}${to} (${timeZone})`,
      ...(location === null ? [] : [`Where: ${location}`]),
      ...(clientName === null ? [] : [`With: ${clientName}`]),
    ),
  };
}

/** Where a password is set. */
export function passwordLink(appUrl: string, token: string): string {
  return link(appUrl, 'reset-password', token);
}

/** Behind `#`, so that no server on the way, and no log, gets to see the token. */
function link(appUrl: string, path: string, token: string): string {
  return `${appUrl.replace(/\/$/, '')}/${path}#token=${token}`;
}

function lines(...paragraphs: string[]): string {
  return `${paragraphs.join('\n\n')}\n`;
}
