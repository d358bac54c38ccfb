import type DataLoader from 'dataloader';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Logger } from 'pino';
import { Scope } from './admin/scope.js';
import { Role } from './account/account.type.js';
import type { UserRow } from './account/user.type.js';
import type { ServerConfig } from './config.js';
import type { Jobs } from './jobs/jobs.js';
import type { Limiter } from './limits/limiter.js';
import type { InstantText } from './shared/instant.js';
import { AppError, ErrorCode, ErrorReason } from './errors.js';

/** A signed-in player or admin. */
export interface Viewer {
  kind: 'user';
  id: string;
  sessionId: string;
  role: Role;
  /** IANA name; null where the server's applies. */
  timeZone: string | null;
  /** When the request began, by the database's clock; what follows is as it was then. */
  readAt: InstantText;
  /** Position in the primary's write-ahead log, in bytes, that the last write lies before; 0 where none is known. */
  lastWrite: bigint;
  user: UserRow;
  account: { email: string | null; emailVerified: boolean; birthDate: string | null };
}

/** One of the game's own servers, by its API key. */
export interface Service {
  kind: 'service';
  /** Null for the key of the setting. */
  id: string | null;
  scopes: readonly Scope[];
}

/** Who sent the request: nobody known, a signed-in user, or one of the game's own servers. */
export type Caller = { kind: 'anonymous' } | Service | Viewer;

/** What is known of the program that sent the request. */
export interface Client {
  /** Its IP address; behind a proxy that is trusted, what that says. */
  address: string;
  /** What it calls itself. */
  userAgent: string | null;
}

type LoaderFactory<Key, Value> = (context: Context) => DataLoader<Key, Value>;

/** What every resolver gets: made anew for each request. */
export class Context {
  // Not #private: Apollo Server hands resolvers a shallow copy of the context.
  private readonly loaders = new Map<unknown, unknown>();

  private readonly session = { ended: false, demoted: false };

  private readonly writers = new Set<string>();

  constructor(
    /** This request's own fork, of the primary or of a replica. */
    public em: SqlEntityManager,
    readonly config: ServerConfig,
    readonly caller: Caller,
    readonly log: Logger,
    /** When the request arrived, by `performance.now()`. */
    readonly arrivedAt: number,
    readonly client: Client = { address: '127.0.0.1', userAgent: null },
    /** Does work beside requests; undefined where this process has no job runner. */
    readonly jobs?: Jobs,
    /** Counts attempts; undefined where nothing is limited. */
    readonly limiter?: Limiter,
  ) {}

  /** This request's loader of that kind, made at its first use. */
  loader<Key, Value>(factory: LoaderFactory<Key, Value>): DataLoader<Key, Value> {
    const existing = this.loaders.get(factory);
    if (existing !== undefined) {
      return existing as DataLoader<Key, Value>;
    }
    const loader = factory(this);
    this.loaders.set(factory, loader);
    return loader;
  }

  /** Forgets what was loaded: called before each mutation, so that its answer shows what it changed. */
  forgetLoaded(): void {
    this.loaders.clear();
  }

  /** From now on this request reads with that EntityManager; what was loaded with the one before is forgotten. */
  readWith(em: SqlEntityManager): void {
    this.em = em;
    this.forgetLoaded();
  }

  /** Called when this request has written something that this user will look for in the next one. */
  noteWriteFor(userId: string): void {
    this.writers.add(userId);
  }

  /** Who will look for what this request has written: the viewer, and whoever it was noted for. */
  get writtenFor(): string[] {
    const { viewerId } = this;
    return [...new Set(viewerId === null ? this.writers : [viewerId, ...this.writers])];
  }

  /** Called when this request ends its own session: what comes after in it is refused. */
  endSession(): void {
    this.session.ended = true;
  }

  /** Called when this request makes its own user no admin any more: what comes after in it is refused. */
  endAdministration(): void {
    this.session.demoted = true;
  }

  /** The signed-in user's id, or null. */
  get viewerId(): string | null {
    return this.caller.kind === 'user' ? this.caller.id : null;
  }

  /**
   * The signed-in user.
   * @throws AppError UNAUTHENTICATED for anonymous callers, FORBIDDEN for a service key, UNAUTHENTICATED with TOKEN_REVOKED after
   *   this request has ended its session
   */
  requireViewer(): Viewer {
    if (this.caller.kind === 'user') {
      if (this.session.ended) {
        throw new AppError(ErrorCode.UNAUTHENTICATED, 'The session has ended. Sign in again.', {
          reason: ErrorReason.TOKEN_REVOKED,
        });
      }
      return this.caller;
    }
    if (this.caller.kind === 'service') {
      throw new AppError(ErrorCode.FORBIDDEN, 'A service key cannot do this; it takes a signed-in user.');
    }
    throw new AppError(ErrorCode.UNAUTHENTICATED, 'Sign in first: send an access token as a bearer token.');
  }

  /**
   * The job runner, for what cannot be done without mails.
   * @throws AppError SERVICE_UNAVAILABLE where this server sends none
   */
  requireMail(): Jobs {
    if (this.jobs === undefined) {
      throw new AppError(ErrorCode.SERVICE_UNAVAILABLE, 'This server sends no mails.');
    }
    return this.jobs;
  }

  /** Whether the caller is an admin, or holds a service key with that scope. */
  may(scope: Scope): boolean {
    const { caller } = this;
    if (caller.kind === 'service') {
      return caller.scopes.includes(scope) || caller.scopes.includes(Scope.ADMIN);
    }
    return caller.kind === 'user' && caller.role === Role.ADMIN && !this.session.demoted;
  }

  /**
   * @param field dotted path of the input that asks for it, for the error
   * @throws AppError UNAUTHENTICATED or FORBIDDEN unless the caller is an admin or holds a service key with that scope
   */
  require(scope: Scope, field?: string): void {
    if (this.may(scope)) {
      return;
    }
    throw new AppError(
      this.caller.kind === 'anonymous' ? ErrorCode.UNAUTHENTICATED : ErrorCode.FORBIDDEN,
      `This needs an admin or a service key with the scope ${scope}.`,
      field === undefined ? {} : { field },
    );
  }

  /** Whether what is private to that user may be shown: to the user, an admin or a service key that reads users. */
  maySeePrivate(userId: string): boolean {
    return this.viewerId === userId || this.may(Scope.USERS_READ);
  }
}
