/** Tables of pg-boss, which makes and migrates them by itself. */
export const JOBS_SCHEMA = 'laurel_jobs';
