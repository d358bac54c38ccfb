/** Whoever registers must not have a longer address. In characters. */
export const MAX_EMAIL = 254;
/** The column of hashes ends here. */
export const MAX_HASH = 255;

/** What src/account/password.ts can compare a password with. */
export const KNOWN_HASH = String.raw`^(\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}|\$argon2(id|i|d)\$.+)$`;
