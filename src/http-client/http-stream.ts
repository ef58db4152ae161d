import { IxError } from '../errors.ts';
import { HttpErrorCode } from '../http/http-error-code.ts';
import type { HttpResponse } from '../http/http-response.ts';
import type { ResponseHead } from '../protocol/http1/head/response-head.ts';
import { HttpHeaders } from '../protocol/http1/headers.ts';
import { AsyncQueue } from '../util/async-queue.ts';
import { Deferred } from '../util/deferred.ts';
import type { BodyTaker } from './response/response-reception.ts';

/** The body of a response that is being streamed did not come whole: what the loop over it throws. */
export class HttpStreamError extends IxError {
  /** Why, as in `errorCode` of a response. */
  readonly errorCode: HttpErrorCode;

  constructor(errorCode: HttpErrorCode, message: string) {
    super('httpBodyIncomplete', message);
    this.errorCode = errorCode;
  }
}

// The class has the key.
let openStream: (head: ResponseHead | HttpResponse<Buffer>, source: StreamSource) => HttpStream;

const MOST_CHUNKS = 64;
const MOST_BYTES = 256 * 1024;

/**
 * A response whose body is read as it comes. Reading stops when the loop over it is behind, until the server feels it.
 *
 * Loop over it, or call {@link cancel}: a body that nobody reads holds its connection until the request times out.
 *
 * @example
 * const stream = await httpClient.stream('https://www.example.com/large');
 * if (stream.errorCode !== HttpErrorCode.Ok) throw new Error(stream.errorMsg);
 * for await (const chunk of stream) await file.write(chunk);
 */
export class HttpStream implements AsyncIterable<Buffer> {
  /** The status of HTTP; 0 when no response came. */
  readonly statusCode: number;
  /** The reason phrase beside the status. */
  readonly description: string;
  readonly headers: HttpHeaders;
  /** `Ok` when a response has begun; otherwise why not. */
  readonly errorCode: HttpErrorCode;
  /** The failure, in words for people; empty with `Ok`. */
  readonly errorMsg: string;
  /** Resolves when the body is over, or the request has failed, with the sizes and an empty body. */
  readonly finished: Promise<HttpResponse<Buffer>>;
  readonly #queue: AsyncQueue<Buffer>;
  readonly #cancel: () => void;
  #isTaken = false;

  private constructor(head: ResponseHead | HttpResponse<Buffer>, source: StreamSource) {
    const isHead = 'status' in head;
    this.statusCode = isHead ? head.status : head.statusCode;
    this.description = isHead ? head.statusText : head.description;
    this.headers = isHead ? head.headers : HttpHeaders.from(head.headers);
    this.errorCode = isHead ? HttpErrorCode.Ok : head.errorCode;
    this.errorMsg = isHead ? '' : head.errorMsg;
    this.finished = source.finished;
    this.#queue = source.queue;
    this.#cancel = source.cancel;
  }

  static {
    openStream = (head, source) => new HttpStream(head, source);
  }

  /** Ends the request, and the loop over the body with {@link HttpStreamError}. It does nothing when the body is over. */
  cancel(): void {
    this.#cancel();
  }

  /**
   * The body, decoded, in pieces as they came. It can be read once; leaving the loop early cancels the request.
   *
   * @throws HttpStreamError (`httpBodyIncomplete`) when the body did not come whole
   */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, undefined> {
    const isSecond = this.#isTaken;
    this.#isTaken = true;
    return {
      next: () =>
        isSecond
          ? Promise.reject(new HttpStreamError('Invalid', 'The body of a stream can be read only once'))
          : this.#queue.take(),
      return: () => {
        if (!isSecond) this.cancel();
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }
}

/** The end of a stream that the request is on. */
export class StreamSource implements BodyTaker {
  readonly queue: AsyncQueue<Buffer>;
  readonly finished: Promise<HttpResponse<Buffer>>;
  readonly opened: Deferred<HttpStream> = new Deferred<HttpStream>();
  cancel: () => void = () => undefined;
  private readonly over = new Deferred<HttpResponse<Buffer>>();
  private drained: Deferred<void> | undefined;

  constructor() {
    this.finished = this.over.promise;
    this.queue = new AsyncQueue<Buffer>({
      maxItems: MOST_CHUNKS,
      maxBytes: MOST_BYTES,
      onDrained: () => {
        this.drained?.resolve();
        this.drained = undefined;
      },
    });
  }

  onHead(head: ResponseHead): void {
    this.opened.resolve(openStream(head, this));
  }

  readonly consume = (chunk: Buffer): void | Promise<void> => {
    this.queue.push(chunk, chunk.length);
    if (!this.queue.isFull) return undefined;
    this.drained ??= new Deferred<void>();
    return this.drained.promise;
  };

  /** The request is over. */
  onResult(response: HttpResponse<Buffer>): void {
    const { errorCode, errorMsg } = response;
    if (errorCode === HttpErrorCode.Ok) this.queue.end();
    else this.queue.fail(new HttpStreamError(errorCode, errorMsg));
    this.drained?.resolve();
    this.opened.resolve(openStream(response, this));
    this.over.resolve(response);
  }
}
