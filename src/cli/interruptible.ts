/**
 * Does work that Ctrl-C and SIGTERM end in an orderly way.
 * @param work ends soon after its signal aborts, and leaves nothing half done
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  signals.forEach((name) => process.on(name, end));
  try {
    return await work(ending.signal);
  } finally {
    signals.forEach((name) => process.off(name, end));
  }
}
