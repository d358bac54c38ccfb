import { accountLoader, userLoader } from './account/user.loader.js';
import type { Context, Viewer } from './context.js';
import { dateIn } from './shared/calendar.js';
import { toDate } from './shared/instant.js';
import { playerDayLoader } from './visit/visit.loader.js';

/** What authentication has read of the viewer need not be loaded again. */
export function primeViewer(context: Context, viewer: Viewer): void {
  const { id, role } = viewer;
  const timeZone = viewer.timeZone ?? context.config.seasonTimeZone;
  context.loader(userLoader).prime(id, viewer.user);
  context.loader(accountLoader).prime(id, { id, ...viewer.account, role, timeZone });
  context.loader(playerDayLoader).prime(id, dateIn(timeZone, toDate(viewer.readAt)));
}
