import { Readable } from 'node:stream';

/** A body that is read while it is sent. */
export type StreamedBody = AsyncIterable<string | Uint8Array>;

function ignore(): void {}

/** Ends the source of a body that nobody will read, or read on, so that files and sockets behind it are closed. */
export function discardBody(body: unknown): void {
  if (body instanceof Readable) {
    // Its failures from now on are of no interest to anybody.
    body.on('error', ignore);
    body.destroy();
  } else if (isGenerator(body)) endIterator(body);
}

/** Ends a loop over `iterator` from outside. One that waits for something ends when it goes on. */
export function endIterator(iterator: AsyncIterator<unknown>): void {
  try {
    iterator.return?.().then(ignore, ignore);
  } catch {
    // An iterator of the user's may do anything.
  }
}

function isGenerator(body: unknown): body is AsyncGenerator<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body && 'return' in body;
}
