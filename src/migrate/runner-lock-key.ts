/** Key of the advisory lock that one migration runner holds at a time, across all servers of a database. */
export const RUNNER_LOCK = 7_241_110;
