/** SQL: when a staged user or post aliased `t` was changed last; many a service notes nothing until the first change. */
export const UPDATED_AT = 'coalesce(t.updated_at, t.created_at)';

/** SQL: the SHA-256 of a staged token. */
export const TOKEN_HASH = `sha256(convert_to(t.token, 'UTF8'))`;

/** SQL: since when a staged token is refused. A set of tokens has no times: then since now. */
export const REFUSED_AT = 'coalesce(t.blacklisted_at, now())';
