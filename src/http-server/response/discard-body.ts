import { isSource, SingleUseSource } from '../../http/single-use-source.ts';

/** A body that is read while it is sent. */
export type StreamedBody = AsyncIterable<unknown>;

function ignore(): void {}

/** Ends the source of a body that nobody will read, or read on, so that files and sockets behind it are closed. */
export function discardBody(body: unknown): void {
  if (typeof body === 'object' && body !== null && isSource(body)) new SingleUseSource(body).end();
}

/** Ends a loop over `iterator` from outside. One that waits for something ends when it goes on. */
export function endIterator(iterator: AsyncIterator<unknown>): void {
  try {
    iterator.return?.().then(ignore, ignore);
  } catch {
    // An iterator of the user's may do anything.
  }
}
