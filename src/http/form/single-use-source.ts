import { Readable } from 'node:stream';

/**
 * A stream may fail while nobody reads it, before a connection is made or after the request is over. Without a listener
 * that would end the process; whoever reads it later is told all the same.
 */
export function hearErrors(source: object): void {
  if (source instanceof Readable) source.on('error', () => undefined);
}

/** Tells a source that can be read only once that nobody will read it any more, whether or not somebody has begun. */
export function releaseSingleUse(source: AsyncIterable<unknown>): void {
  hearErrors(source);
  if (source instanceof Readable) {
    source.destroy();
    return;
  }
  const ended = source[Symbol.asyncIterator]().return?.();
  ended?.then(undefined, () => undefined);
}
