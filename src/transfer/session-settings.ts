/** What makes PostgreSQL read and write values as text in one way, whatever the server and the role have set. */
export const SESSION_SETTINGS = [
  "set time zone 'UTC'",
  "set datestyle to 'ISO, YMD'",
  "set intervalstyle to 'postgres'",
  'set extra_float_digits to 1',
  "set bytea_output to 'hex'",
  "set lc_monetary to 'C'",
  "set client_encoding to 'UTF8'",
  'set statement_timeout to 0',
  'set idle_in_transaction_session_timeout to 0',
] as const;
