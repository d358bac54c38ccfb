/** A transfer cannot be done, or its two sides differ; the message says what to do next. Exit code 1. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}
