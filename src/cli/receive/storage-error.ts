/**
 * A file cannot be received. Senders may be anybody, so what they are told says nothing of this machine: no path, no
 * free space, no message of the system.
 */
export class StorageError extends Error {
  readonly told: string;

  constructor(told: string, message: string = told, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.told = told;
  }
}

/** The reason a sender is told for any failure. */
export function toldReason(error: unknown): string {
  return error instanceof StorageError ? error.told : 'it cannot be written there';
}
