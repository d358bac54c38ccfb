/**
 * The five-character SQLSTATE of a driver's error (PostgreSQL manual, appendix A), also when MikroORM has
 * wrapped it; undefined for errors that did not come from the database.
 */
export function sqlState(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string' && /^[0-9A-Z]{5}$/.test(current.code)) {
      return current.code;
    }
  }
  return undefined;
}

/** The detail that the database has added to its error; undefined where there is none. */
export function errorDetail(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('detail' in current && typeof current.detail === 'string') {
      return current.detail;
    }
  }
  return undefined;
}

/** Name of the unique constraint or index that a write ran into; undefined for any other error. */
export function violatedUnique(error: unknown): string | undefined {
  return violatedConstraint(error, '23505');
}

/** Name of the check constraint that a write ran into; undefined for any other error. */
export function violatedCheck(error: unknown): string | undefined {
  return violatedConstraint(error, '23514');
}

function violatedConstraint(error: unknown, state: string): string | undefined {
  if (sqlState(error) !== state || !(error instanceof Error) || !('constraint' in error)) {
    return undefined;
  }
  return String(error.constraint);
}
