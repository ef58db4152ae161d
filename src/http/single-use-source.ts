import { isErrored, isReadable, Readable } from 'node:stream';
import { BodyError } from './body-error.ts';

type Source = AsyncIterable<unknown> | ReadableStream<unknown>;

/** Iterators that were begun: another request would find them at their end, and take that for an empty body. */
const begun = new WeakSet<object>();

/** Tells whether a value is a stream, or something else that gives a body piece by piece. */
export function isSource(value: object): value is Source {
  return Symbol.asyncIterator in value || isWebStream(value);
}

/**
 * A source that is read once: whatever it is, it is begun once and ended once, and nothing that it does when it is
 * ended reaches the caller.
 */
export class SingleUseSource implements AsyncIterableIterator<unknown> {
  readonly #source: Source;
  #iterator: AsyncIterator<unknown> | undefined = undefined;
  #isOver = false;

  constructor(source: Source) {
    this.#source = source;
    // A stream may fail while nobody reads it, before a connection is made or after the request is over. Without a
    // listener that would end the process; its reader is told all the same.
    if (isNodeStream(source)) source.on('error', ignore);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Rejects with what the source throws, or a {@link BodyError} (`bodyUsed`) when it was read before. */
  async next(): Promise<IteratorResult<unknown, unknown>> {
    if (this.#isOver) return { value: undefined, done: true };
    try {
      this.#iterator ??= begin(this.#source);
      const next = await this.#iterator.next();
      if (next.done === true) this.#isOver = true;
      return next;
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  return(): Promise<IteratorResult<unknown, unknown>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** Tells the source that nobody will read it, or read on. One that is in the middle of something ends after that. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const source: unknown = this.#source;
    try {
      if (isNodeStream(source)) source.destroy();
      else if (this.#iterator !== undefined) hear(this.#iterator.return?.());
      else if (isWebStream(source)) hear(source.cancel());
      else if (isIterator(source)) hear(source.return());
    } catch {
      // It is the user's, and may do anything.
    }
  }
}

function begin(source: Source): AsyncIterator<unknown> {
  if (isStream(source) && isAtEnd(source as Readable)) throw usedBefore();
  if (isWebStream(source)) return readWebStream(source);
  const iterator = source[Symbol.asyncIterator]();
  if ((iterator as unknown) === source) {
    if (begun.has(source)) throw usedBefore();
    begun.add(source);
  }
  return iterator;
}

/** A stream of either kind that was read to its end says that it is empty. */
function isAtEnd(stream: Readable): boolean {
  return Readable.isDisturbed(stream) && !isReadable(stream) && !isErrored(stream);
}

/** Its own iterator does not end while it waits for the next piece; and not every such stream has one. */
function readWebStream(stream: ReadableStream<unknown>): AsyncIterator<unknown> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown, unknown>>,
    return: async () => {
      await reader.cancel();
      return { value: undefined, done: true };
    },
  };
}

function usedBefore(): BodyError {
  return new BodyError('bodyUsed', 'the body was read before, and can be read only once');
}

function ignore(): void {}

function hear(ended: unknown): void {
  Promise.resolve(ended).then(ignore, ignore);
}

interface NodeStream {
  on(event: 'error', listener: () => void): unknown;
  destroy(): unknown;
}

function isNodeStream(value: unknown): value is NodeStream {
  return value instanceof Readable || (has(value, 'on') && has(value, 'destroy'));
}

/** Tells whether a value is a stream of the web, of this realm or of a package. */
export function isWebStream(value: unknown): value is ReadableStream<unknown> {
  return has(value, 'getReader') && has(value, 'cancel');
}

function isStream(value: unknown): boolean {
  return value instanceof Readable || value instanceof ReadableStream;
}

function isIterator(value: unknown): value is { return(): unknown } {
  return has(value, 'return');
}

function has(value: unknown, method: string): boolean {
  return (
    typeof value === 'object' && value !== null && method in value && typeof Reflect.get(value, method) === 'function'
  );
}
