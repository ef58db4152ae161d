import type net from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Chop } from './case.ts';
import { Deviation } from './deviation.ts';
import { FrameReader, Op, type ReadFrame } from './frames.ts';
import type { MessageCodec } from './message-codec.ts';

/** What came over the wire. */
export type WireEvent =
  | { readonly kind: 'message' | 'ping' | 'pong'; readonly op: number; readonly payload: Buffer }
  | { readonly kind: 'close'; readonly code: number | undefined; readonly reason: string }
  /** The other side ended its half of TCP. */
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }
  /** It broke the protocol itself. */
  | { readonly kind: 'fault'; readonly what: string };

/** The longest header there is. */
const HEADER_BYTES = 14;

/** The suite's end of a WebSocket: sends what it is told to, and holds what comes to RFC 6455. */
export class Peer {
  /** Compresses and decompresses, when the handshake agreed on it. */
  readonly codec: MessageCodec | undefined;
  readonly isClient: boolean;
  private readonly socket: net.Socket;
  private readonly reader = new FrameReader((frame) => this.onFrame(frame));
  private readonly events: WireEvent[] = [];
  private waiting: { resolve: (event: WireEvent) => void; reject: (error: Error) => void } | undefined;
  private given: Error | undefined;
  private fragments: Buffer[] = [];
  private messageOp = 0;
  private isCompressed = false;
  private hasClosed = false;
  private previousKey: number | undefined;

  /** `rest` is what came behind the opening handshake in the same read. */
  constructor(socket: net.Socket, isClient: boolean, rest: Buffer, codec: MessageCodec | undefined) {
    this.socket = socket;
    this.isClient = isClient;
    this.codec = codec;
    socket.on('data', (bytes: Buffer) => this.onBytes(bytes));
    socket.on('end', () => this.onEnd());
    socket.on('error', () => this.emit({ kind: 'reset' }));
    if (rest.length > 0) this.onBytes(rest);
    socket.resume();
  }

  /** The next thing that came, or comes. */
  next(): Promise<WireEvent> {
    const event = this.events.shift();
    if (event !== undefined) return Promise.resolve(event);
    if (this.given !== undefined) return Promise.reject(this.given);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  /** What came and was not asked for yet. */
  get pending(): WireEvent | undefined {
    return this.events[0];
  }

  /** Stops waiting, with this reason. */
  giveUp(error: Error): void {
    this.given = error;
    this.waiting?.reject(error);
    this.waiting = undefined;
    this.socket.destroy();
  }

  async send(bytes: Buffer, chop?: Chop): Promise<void> {
    if (chop === undefined) {
      this.socket.write(bytes);
      return;
    }
    let at = 0;
    if (chop === 'header') {
      for (; at < Math.min(HEADER_BYTES, bytes.length); at++) await this.sendPiece(bytes.subarray(at, at + 1));
      this.socket.write(bytes.subarray(at));
      return;
    }
    for (; at < bytes.length; at += chop) await this.sendPiece(bytes.subarray(at, at + chop));
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
    this.emit({ kind: 'reset' });
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Settles in the turn after the piece was written: until then the other side has had the occasion to read it. */
  private async sendPiece(piece: Buffer): Promise<void> {
    if (this.given !== undefined) throw this.given;
    if (this.socket.writable) this.socket.write(piece);
    await turn();
  }

  private emit(event: WireEvent): void {
    if (this.waiting === undefined) {
      this.events.push(event);
      return;
    }
    this.waiting.resolve(event);
    this.waiting = undefined;
  }

  private fault(what: string): void {
    this.emit({ kind: 'fault', what });
  }

  private onBytes(bytes: Buffer): void {
    if (this.hasClosed) this.fault(`${bytes.length} bytes behind the close frame`);
    else this.reader.read(bytes);
  }

  private onEnd(): void {
    if (!this.reader.isBetweenFrames) this.fault('TCP ended inside a frame');
    this.emit({ kind: 'end' });
  }

  private onFrame(frame: ReadFrame): void {
    const what = this.hasClosed ? 'a frame behind the close frame' : this.faultOf(frame);
    if (what !== undefined) this.fault(what);
    else if (frame.op === Op.Close) this.onClose(frame.payload);
    else if (frame.op === Op.Ping) this.emit({ kind: 'ping', op: frame.op, payload: frame.payload });
    else if (frame.op === Op.Pong) this.emit({ kind: 'pong', op: frame.op, payload: frame.payload });
    else this.onData(frame);
  }

  /** Every rule of RFC 6455 section 5 that a single frame can break. */
  private faultOf(frame: ReadFrame): string | undefined {
    const { op, fin, rsv, payload } = frame;
    if (frame.isMasked === this.isClient) return this.isClient ? 'a masked frame' : 'a frame without mask';
    if (frame.isMasked && frame.key === this.previousKey) return 'the same masking key twice in a row';
    this.previousKey = frame.key;
    if (!frame.isLengthMinimal) return 'a length that is not minimal';
    if (op >= Op.Close) {
      if (op > Op.Pong) return `opcode ${op}`;
      if (!fin) return 'a fragmented control frame';
      if (rsv !== 0) return 'a control frame with reserved bits';
      return payload.length > 125 ? 'a control frame that is too long' : undefined;
    }
    if (op > Op.Binary) return `opcode ${op}`;
    const isFirst = op !== Op.Continuation;
    if (rsv !== 0 && !(rsv === 4 && isFirst && this.codec !== undefined)) return `reserved bits ${rsv}`;
    if (isFirst === (this.messageOp !== 0)) {
      return isFirst ? 'a new message inside of another' : 'a continuation of nothing';
    }
    return undefined;
  }

  private onClose(payload: Buffer): void {
    this.hasClosed = true;
    if (payload.length === 1) this.fault('a close frame with one byte');
    else if (payload.length === 0) this.emit({ kind: 'close', code: undefined, reason: '' });
    else {
      const reason = payload.subarray(2).toString('utf8');
      if (!Buffer.from(reason, 'utf8').equals(payload.subarray(2))) this.fault('a close reason that is not UTF-8');
      this.emit({ kind: 'close', code: payload.readUInt16BE(0), reason });
    }
  }

  private onData(frame: ReadFrame): void {
    if (frame.op !== Op.Continuation) {
      this.messageOp = frame.op;
      this.isCompressed = frame.rsv !== 0;
    }
    this.fragments.push(frame.payload);
    if (!frame.fin) return;
    const { messageOp: op, fragments } = this;
    this.messageOp = 0;
    this.fragments = [];
    const joined = fragments.length === 1 ? frame.payload : Buffer.concat(fragments);
    try {
      const payload = this.isCompressed && this.codec !== undefined ? this.codec.decompress(joined) : joined;
      this.emit({ kind: 'message', op, payload });
    } catch (error) {
      this.fault(error instanceof Deviation ? error.message : String(error));
    }
  }
}
