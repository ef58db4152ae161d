import type { HeadOf } from '../../../src/protocol/http1/head/head-reader.ts';
import type { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import type { BodyFraming } from '../../../src/protocol/http1/message/body-framing.ts';
import type { MessageFailure } from '../../../src/protocol/http1/message/message-failure.ts';
import type { MessageHandler } from '../../../src/protocol/http1/message/message-handler.ts';
import { defaultMessageLimits, type MessageLimits } from '../../../src/protocol/http1/message/message-limits.ts';
import { MessageReader } from '../../../src/protocol/http1/message/message-reader.ts';
import { expectSame } from '../../support/expect-same.ts';

export type Role = 'request' | 'response';
type Fields = [string, string][];

/** The reports of a reader, in a form that can be compared; pieces of a body are joined. */
export type MessageEvent =
  | ['interim', string, Fields]
  | ['head', string, Fields, BodyFraming]
  | ['body', string]
  | ['complete', Fields | undefined]
  | ['failure', string]
  /** Bytes came that belong to no expected response. */
  | ['unexpected']
  | ['tunnel'];

export interface ReadingOptions {
  readonly limits?: Partial<MessageLimits> | undefined;
  /** Methods of the requests whose responses come, one after the other. @default one GET */
  readonly methods?: readonly string[] | undefined;
  /** The peer ends the connection behind the bytes. @default false */
  readonly end?: boolean | undefined;
  /** Stop in every callback, and resume at once. @default false */
  readonly isHesitant?: boolean | undefined;
}

export class RecordingMessageHandler<R extends Role> implements MessageHandler<R> {
  readonly events: MessageEvent[] = [];
  /** Runs at the end of each callback. */
  afterEach: (() => void) | undefined = undefined;

  onInterim(head: HeadOf[R]): void {
    this.add(['interim', startOf(head), [...head.headers]]);
  }

  onHead(head: HeadOf[R], framing: BodyFraming): void {
    this.add(['head', startOf(head), [...head.headers], framing]);
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    if (end <= start) throw new Error('an empty piece of a body');
    const last = this.events.at(-1);
    const text = buffer.toString('latin1', start, end);
    if (last?.[0] === 'body') {
      last[1] += text;
      this.afterEach?.();
    } else this.add(['body', text]);
  }

  onComplete(trailers: HttpHeaders | undefined): void {
    this.add(['complete', trailers === undefined ? undefined : [...trailers]]);
  }

  onFailure({ status, code }: MessageFailure): void {
    this.add(['failure', `${status} ${code}`]);
  }

  add(event: MessageEvent): void {
    this.events.push(event);
    this.afterEach?.();
  }
}

function startOf(head: HeadOf[Role]): string {
  if ('method' in head) return `${head.method} ${head.target} ${head.version}`;
  return `${head.version} ${head.status} ${head.statusText}`;
}

/** A connection as its owner has it: feeds the reader, and asks for the next response when one is complete. */
class Reading<R extends Role> {
  readonly handler = new RecordingMessageHandler<R>();
  readonly reader: MessageReader<R>;
  private readonly role: R;
  private readonly methods: string[];
  private isOver = false;

  constructor(role: R, options: ReadingOptions) {
    this.role = role;
    this.reader = new MessageReader(role, this.handler, { ...defaultMessageLimits, ...options.limits });
    this.methods = [...(options.methods ?? ['GET'])];
    if (options.isHesitant === true) this.handler.afterEach = () => this.reader.stop();
    this.expectNext();
  }

  feed(buffer: Buffer, start: number, end: number): void {
    let at = start;
    while (at < end && !this.isOver) {
      const before = this.handler.events.length;
      const next = this.reader.receive(buffer, at, end);
      this.reader.resume();
      if (next < at || next > end) throw new Error(`receive() came from ${at} to ${next} of ${end}`);
      const hasNews = this.handler.events.length > before;
      const isStuck = next === at && !hasNews;
      at = next;
      if (this.reader.isTunnel) this.finish(['tunnel']);
      else if (hasNews && this.handler.events.at(-1)?.[0] === 'complete') {
        if (!this.expectNext() && at < end) this.finish(['unexpected']);
      } else if (isStuck) {
        if (this.role === 'request') throw new Error(`the reader does not go on at ${at}`);
        this.finish(['unexpected']);
      }
    }
  }

  /** Expects the next response; true for requests, which need no expecting. */
  private expectNext(): boolean {
    if (this.role === 'request') return true;
    const method = this.methods.shift();
    if (method !== undefined) this.reader.expectResponse(method);
    return method !== undefined;
  }

  private finish(event: MessageEvent): void {
    this.isOver = true;
    if (this.reader.state !== 'idle') throw new Error(`state ${this.reader.state} where HTTP is over`);
    this.handler.events.push(event);
  }
}

/**
 * The reports of a fresh reader for `bytes` cut at `cuts`, each piece in the middle of a buffer that is then
 * overwritten.
 */
export function readMessages(
  role: Role,
  bytes: Buffer,
  cuts: readonly number[] = [],
  options: ReadingOptions = {},
): MessageEvent[] {
  const reading = new Reading(role, options);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const end = 3 + to - from;
    const chunk = Buffer.alloc(end + 5, '\n');
    bytes.copy(chunk, 3, from, to);
    reading.feed(chunk, 3, end);
    chunk.fill(0x58);
    from = to;
  }
  if (options.end === true) reading.reader.end();
  return reading.handler.events;
}

const NEXT_REQUEST = 'GET /next HTTP/1.1\r\nHost: next\r\n\r\n';
const NEXT_RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const NEXT_EVENTS: MessageEvent[] = [
  ['head', 'GET /next 1.1', [['Host', 'next']], { kind: 'none' }],
  ['complete', undefined],
];
/** All ways to cut in two are tried up to this length. */
const SPLIT_BYTES = 600;

/**
 * Reads `text` whole, byte by byte, cut in two at every place, stopping in every callback, and with another message
 * behind it, which is seen after a complete one and ignored after a failure. All must agree; the events are returned.
 */
export function readMessagesEveryWay(role: Role, text: string, options: ReadingOptions = {}): MessageEvent[] {
  const bytes = Buffer.from(text, 'latin1');
  const whole = readMessages(role, bytes, [], options);
  const compare = (input: Buffer, cuts: number[], expected: MessageEvent[], how: string, more?: ReadingOptions): void =>
    expectSame(readMessages(role, input, cuts, { ...options, ...more }), expected, how);

  const everyByte = Array.from({ length: bytes.length }, (_, index) => index);
  compare(bytes, everyByte, whole, 'byte by byte');
  compare(bytes, [], whole, 'stopping in every callback', { isHesitant: true });
  compare(bytes, everyByte, whole, 'byte by byte, stopping in every callback', { isHesitant: true });
  const cuts =
    bytes.length <= SPLIT_BYTES ? everyByte : [1, 2, 3, bytes.length >> 1, bytes.length - 2, bytes.length - 1];
  for (const cut of cuts) compare(bytes, [cut], whole, `cut at ${cut}`);

  const last = whole.at(-1)?.[0];
  if (options.end === true || last === undefined || !['complete', 'failure', 'tunnel'].includes(last)) return whole;
  const trailing = Buffer.concat([bytes, Buffer.from(role === 'request' ? NEXT_REQUEST : NEXT_RESPONSE)]);
  const next: MessageEvent[] = role === 'request' ? NEXT_EVENTS : [['unexpected']];
  const expected = last === 'complete' ? [...whole, ...next] : whole;
  compare(trailing, [], expected, 'with a message behind it');
  compare(trailing, [bytes.length], expected, 'with a message behind it in another read');
  return whole;
}

/** The failure in which `text` ends, as `status code`; fails when it ends otherwise, or any message was reported. */
export function failureOf(role: Role, text: string, options: ReadingOptions = {}): string {
  const events = readMessagesEveryWay(role, text, options);
  const last = events.at(-1);
  return last?.[0] === 'failure' ? last[1] : `no failure but ${JSON.stringify(events)}`;
}

/** Body and trailers of the one message in `text`; throws when it was not read to its end. */
export function bodyOf(role: Role, text: string, options: ReadingOptions = {}): { body: string; trailers: Fields } {
  const events = readMessagesEveryWay(role, text, options).filter(([kind]) => kind !== 'interim');
  const [head, ...rest] = events;
  const complete = rest.pop();
  if (head?.[0] !== 'head' || complete?.[0] !== 'complete') throw new Error(`not complete: ${JSON.stringify(events)}`);
  const body = rest[0]?.[0] === 'body' ? rest[0][1] : '';
  return { body, trailers: complete[1] ?? [] };
}
