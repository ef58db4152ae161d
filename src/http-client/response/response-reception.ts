import { parseRetryAfter } from '../../dial/retry-after.ts';
import { BodyError } from '../../http/body-error.ts';
import { type ContentCoding, parseContentEncoding } from '../../http/coding/content-coding.ts';
import type { ByteConsumer } from '../../http/coding/decoding-stage.ts';
import type { ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import { HttpFailure } from '../http-failure.ts';
import type { RequestSettings } from '../request/request-options.ts';
import { decideHttpRedirect, type RequestTarget } from './http-redirects.ts';
import { type RetryRules, waitAfterStatus } from './http-retries.ts';
import type { Reading } from './piped-body.ts';
import { DiscardSink, ofDecoding, PipeSink, type ResponseSink, WholeSink } from './response-sink.ts';

/** The taker of the body of a response, in place of the result. */
export interface BodyTaker {
  onHead(head: ResponseHead): void;
  readonly consume: ByteConsumer;
}

/** The step that follows a response that is not the result. */
export type NextStep =
  | { readonly kind: 'redirect'; readonly target: RequestTarget }
  | { readonly kind: 'retry'; readonly waitMs: number }
  | { readonly kind: 'fail'; readonly failure: HttpFailure };

/** The request, as its response sees it. */
export interface ReceptionContext extends Reading {
  readonly settings: RequestSettings;
  readonly target: RequestTarget | undefined;
  readonly taker: BodyTaker | undefined;
  readonly redirects: number;
  readonly retryRules: RetryRules;
  /** The body could not be passed on. */
  onBodyFailure(failure: HttpFailure): void;
}

/** One response on its way in. */
export class ResponseReception {
  readonly head: ResponseHead;
  /** The step that follows it; `undefined` when it is the result. */
  readonly next: NextStep | undefined;
  /** Bytes of the body as they came. */
  bodyBytes = 0;
  /** The length of the body as it comes; 0 when the server did not say. */
  readonly announcedBytes: number;
  private readonly sink: ResponseSink;
  private readonly maxBodySize: number;

  /** @throws HttpFailure when it cannot be the result */
  constructor(head: ResponseHead, framing: BodyFraming, context: ReceptionContext) {
    this.head = head;
    this.announcedBytes = framing.kind === 'length' ? framing.length : 0;
    this.maxBodySize = context.settings.maxBodySize;
    this.next = stepAfter(head, context);
    this.sink = this.next === undefined ? this.takeBody(framing, context) : new DiscardSink();
  }

  /** Takes a piece of the body. Tells whether more may come. */
  add(buffer: Buffer, start: number, end: number): boolean {
    this.bodyBytes += end - start;
    return this.sink.add(buffer, start, end);
  }

  /** The body, as far as it is part of the result. Rejects with an {@link HttpFailure}. */
  end(): Buffer | Promise<Buffer> {
    return this.sink.end();
  }

  destroy(): void {
    this.sink.destroy();
  }

  tooBig(): HttpFailure {
    return new HttpFailure('CannotReadBody', `Cannot read http body: it is larger than ${this.maxBodySize} bytes`);
  }

  private takeBody(framing: BodyFraming, context: ReceptionContext): ResponseSink {
    const { settings, taker } = context;
    const hasBody = framing.kind !== 'none';
    const codings = hasBody && settings.decompress ? codingsOf(this.head) : [];
    if (taker !== undefined) {
      taker.onHead(this.head);
      return new PipeSink(codings, taker.consume, context);
    }
    if (framing.kind === 'length' && framing.length > settings.maxBodySize) throw this.tooBig();
    return new WholeSink(framing, codings, settings.maxBodySize);
  }
}

/**
 * The codings to undo. A body with one that nobody knows is given as it came, as browsers do, and its `Content-Encoding`
 * says so; and so is a part of a coded body, from which nothing could be decoded.
 */
function codingsOf({ status, headers }: ResponseHead): readonly ContentCoding[] {
  if (status === 206) return [];
  const codings = parseContentEncoding(headers.get('Content-Encoding'));
  if (!(codings instanceof BodyError)) return codings;
  if (codings.code === 'contentCodingUnsupported') return [];
  throw ofDecoding(codings);
}

function stepAfter(head: ResponseHead, context: ReceptionContext): NextStep | undefined {
  const { settings, target, redirects } = context;
  if (head.status < 300 || target === undefined) return undefined;
  const { retryRules } = context;
  if (settings.followRedirects) {
    const { isReplayable } = retryRules;
    const rules = { followed: redirects, maxRedirects: settings.maxRedirects, isReplayable };
    const decision = decideHttpRedirect(head, target, rules);
    if (decision.kind === 'follow') return { kind: 'redirect', target: decision.target };
    if (decision.kind === 'fail') return decision;
  }
  if (settings.retries === 0) return undefined;
  const retryAfter = head.headers.get('Retry-After');
  const retryAfterMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, Date.now());
  const waitMs = waitAfterStatus(head.status, retryAfterMs, retryRules);
  return waitMs === undefined ? undefined : { kind: 'retry', waitMs };
}
