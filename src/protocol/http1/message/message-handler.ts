import type { HeadOf } from '../head/head-reader.ts';
import type { HttpHeaders } from '../headers.ts';
import type { BodyFraming } from './body-framing.ts';
import type { MessageFailure } from './message-failure.ts';

/** The receiver of what a `MessageReader` finds, in this order: heads, pieces of the body, the end. */
export interface MessageHandler<R extends keyof HeadOf> {
  /** An interim response, 1xx but 101 (RFC 9110 15.2). Never called for requests. */
  onInterim(head: HeadOf[R]): void;
  /**
   * A head, and how its body is delimited. A message without a body gets {@link onComplete} next, within the same call.
   */
  onHead(head: HeadOf[R], framing: BodyFraming): void;
  /** A piece of the body, its transfer coding removed: `start` to `end` of `buffer`, valid until this returns. */
  onBody(buffer: Buffer, start: number, end: number): void;
  /** The message is over. `trailers` only when the body was chunked and had some. */
  onComplete(trailers: HttpHeaders | undefined): void;
  /** The peer broke the protocol, or left in the middle of a message. Nothing is reported after this. */
  onFailure(failure: MessageFailure): void;
}
