/** What a service key may do. The database knows them by these names too. */
export enum Scope {
  /** Submits scores for any player. */
  SCORES_WRITE = 'scores:write',
  /** Reads what is private to players, and how many come. */
  USERS_READ = 'users:read',
  /** Everything. */
  ADMIN = 'admin',
}

export const ALL_SCOPES: readonly Scope[] = Object.values(Scope);
