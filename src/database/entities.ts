import { ApiKey } from '../admin/api-key.entity.js';
import { AuditLog } from '../admin/audit-log.entity.js';
import { EmailVerification, PasswordReset } from '../account/email-token.entity.js';
import { RateLimit } from '../limits/rate-limit.entity.js';
import { LastWrite } from '../account/last-write.entity.js';
import { RefusedToken } from '../account/refused-token.entity.js';
import { Session, SessionToken } from '../account/session.entity.js';
import { User } from '../account/user.entity.js';
import { Block } from '../friendship/block.entity.js';
import { Friendship } from '../friendship/friendship.entity.js';
import { Identity } from '../identity/identity.entity.js';
import { LinkTicket, SignInAttempt, SignInCode } from '../identity/sign-in.entity.js';
import { Leaderboard } from '../leaderboard/leaderboard.entity.js';
import { Score } from '../leaderboard/score.entity.js';
import { Season } from '../leaderboard/season.entity.js';
import { StandingCount } from '../leaderboard/standing-count.entity.js';
import { StandingTieCount } from '../leaderboard/standing-tie-count.entity.js';
import { Standing } from '../leaderboard/standing.entity.js';
import { Post } from '../post/post.entity.js';
import { Employee } from '../staff/employee.entity.js';
import { Schedule } from '../staff/schedule.entity.js';
import { Visit } from '../visit/visit.entity.js';

export const entities = [
  User,
  Session,
  SessionToken,
  RefusedToken,
  EmailVerification,
  PasswordReset,
  Identity,
  SignInAttempt,
  SignInCode,
  LinkTicket,
  LastWrite,
  RateLimit,
  Friendship,
  Block,
  Leaderboard,
  Season,
  Score,
  Standing,
  StandingCount,
  StandingTieCount,
  Visit,
  Post,
  Employee,
  Schedule,
  ApiKey,
  AuditLog,
];
