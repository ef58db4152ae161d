import { type Frame, Op } from './frames.ts';
import { bytesOf, hex, type Payload } from './payloads.ts';

/** What is examined: our server, then the suite plays a client, or our client, then the suite plays a server. */
export type Role = 'server' | 'client';

/** One case: what is sent, what must come back, and how the connection must end. */
export interface ConformanceCase {
  /** Family first; stable, since results are kept under it. */
  readonly id: string;
  readonly section: string;
  /** What must happen, as a sentence. */
  readonly rule: string;
  /** Both unless it says otherwise. */
  readonly roles?: readonly Role[] | undefined;
  readonly steps: readonly Step[];
  readonly end: End;
  /** Takes long: played by `npm run test:full` only. */
  readonly isHeavy?: boolean | undefined;
  readonly opening?: Opening | undefined;
}

/**
 * How bytes are cut into writes: pieces of so many octets, or the first fourteen octets (the longest header there is)
 * one by one and then the rest. Between two pieces there is a turn of the event loop, in which the other side reads.
 */
export type Chop = number | 'header';

export type Step =
  /** Frames in one write, or cut. The last `omit` octets are never sent. */
  | { readonly send: readonly Frame[]; readonly chop?: Chop | undefined; readonly omit?: number | undefined }
  | { readonly message: Message; readonly chop?: Chop | undefined }
  /** What must come next, in this order and with nothing in between. */
  | { readonly receive: readonly Expected[] }
  /** Sends the message and waits for its echo, so many times. */
  | { readonly message: Message; readonly roundTrips: number }
  /** Ends the sending half of TCP, or resets the connection, without a close frame. */
  | { readonly tcp: 'end' | 'reset' };

/** A message, which the suite cuts into frames. */
export interface Message {
  readonly op: typeof Op.Text | typeof Op.Binary;
  readonly payload: Payload;
  /** Octets in each frame but the last; one frame without it. */
  readonly fragmentBytes?: number | undefined;
  /** Compresses it as the handshake agreed (RFC 7692). */
  readonly deflate?: DeflateStyle | undefined;
}

/** How the suite compresses: any of them is legal, whatever was agreed. */
export interface DeflateStyle {
  readonly level?: number | undefined;
  readonly strategy?: 'huffman' | 'rle' | 'fixed' | undefined;
  /** Flushes after so many octets of the message, so that the stream has many blocks. */
  readonly blockBytes?: number | undefined;
}

/** A message, or a pong, that must come back. */
export interface Expected {
  readonly op: typeof Op.Text | typeof Op.Binary | typeof Op.Pong;
  readonly payload: Payload;
}

export type End =
  /** The suite closes with 1000, and gets it back. Nothing else comes before. */
  | { readonly kind: 'goesOn' }
  /** The steps sent a close frame; it comes back as it was. */
  | { readonly kind: 'answersClose'; readonly code?: number | undefined; readonly reason?: string | undefined }
  /** The side examined fails the connection with this code and ends TCP, while the steps still owe octets or not. */
  | { readonly kind: 'fails'; readonly code: number }
  /** The steps ended TCP: so does the side examined, without a frame. */
  | { readonly kind: 'vanishes' }
  /** The opening handshake does not succeed. */
  | { readonly kind: 'refuses' };

/** What the suite does in the opening handshake. */
export interface Opening {
  /** `Sec-WebSocket-Extensions` of the suite's request, when a server is examined. */
  readonly offer?: string | undefined;
  /** The same of the suite's response, when a client is examined. */
  readonly answer?: string | undefined;
  /**
   * What must come of it. An offer that must be declined may also be refused as a whole. An answer that is against
   * the rules is `wrong`; others are judged by what was offered.
   */
  readonly outcome: 'agreed' | 'declined' | 'wrong';
  /** Parameters that the server's answer must have, such as `server_max_window_bits=10`. */
  readonly answerHas?: readonly string[] | undefined;
  /** Whether the result says if messages came back compressed: where any compressor would have a gain. */
  readonly showsCompression?: boolean | undefined;
  /** Frames sent in one write with the response of the opening handshake, when a client is examined. */
  readonly framesWithResponse?: readonly Frame[] | undefined;
}

export const goesOn: End = { kind: 'goesOn' };
export const vanishes: End = { kind: 'vanishes' };
export const refuses: End = { kind: 'refuses' };
export const fails = (code: number): End => ({ kind: 'fails', code });

export const text = (payload: Payload, more: Partial<Frame> = {}): Frame => ({ op: Op.Text, payload, ...more });
export const binary = (payload: Payload, more: Partial<Frame> = {}): Frame => ({ op: Op.Binary, payload, ...more });
export const more = (payload: Payload, rest: Partial<Frame> = {}): Frame => ({
  op: Op.Continuation,
  payload,
  fin: false,
  ...rest,
});
export const last = (payload: Payload, rest: Partial<Frame> = {}): Frame => ({ ...more(payload, rest), fin: true });
export const ping = (payload: Payload = '', rest: Partial<Frame> = {}): Frame => ({ op: Op.Ping, payload, ...rest });
export const pong = (payload: Payload = '', rest: Partial<Frame> = {}): Frame => ({ op: Op.Pong, payload, ...rest });

/** A close frame; `reason` may be bytes that no reason can be. */
export function close(code?: number, reason: Payload = '', rest: Partial<Frame> = {}): Frame {
  if (code === undefined) return { op: Op.Close, ...rest };
  const digits = code.toString(16).padStart(4, '0');
  return { op: Op.Close, payload: Buffer.concat([hex(digits), bytesOf(reason)]), ...rest };
}

export const gotText = (payload: Payload): Expected => ({ op: Op.Text, payload });
export const gotBinary = (payload: Payload): Expected => ({ op: Op.Binary, payload });
export const gotPong = (payload: Payload = ''): Expected => ({ op: Op.Pong, payload });

/** A ping and its pong: what was sent before it has been read, and the connection lives. */
export function stillAlive(payload = 'still there?'): Step[] {
  return [{ send: [ping(payload)] }, { receive: [gotPong(payload)] }];
}
