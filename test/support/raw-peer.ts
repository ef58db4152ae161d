import net from 'node:net';
import { onTestFinished } from 'vitest';
import { type ReadFrame, readFrames } from './frames.ts';
import { type Something, Watch } from './watch.ts';

/** The key of the example in RFC 6455 section 1.3. */
export const RFC_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const HEAD_END = '\r\n\r\n';

/** One end of a TCP connection that speaks whatever a test wants. */
export class RawPeer {
  readonly socket: net.Socket;
  hasEnded = false;
  isClosed = false;
  error: NodeJS.ErrnoException | undefined;
  /** How many bytes were received. Asking for them all at every piece would cost their square. */
  received = 0;
  #pieces: Buffer[] = [];
  #headLength = 0;
  readonly #watch = new Watch();

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#pieces.push(chunk);
      this.received += chunk.length;
      this.#watch.changed();
    });
    socket.on('end', () => {
      this.hasEnded = true;
      this.#watch.changed();
    });
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.#watch.changed();
    });
  }

  /** Everything received. */
  get bytes(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** What came behind the head. */
  get body(): Buffer {
    return this.#hasHead ? this.bytes.subarray(this.#headLength) : Buffer.alloc(0);
  }

  /** How many bytes came behind the head. */
  get bodyLength(): number {
    return this.#hasHead ? this.received - this.#headLength : 0;
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  until<T>(what: string, read: () => T): Promise<Something<T>> {
    return this.#watch.until(what, read).catch((error: unknown) => {
      const received = JSON.stringify(this.text.slice(0, 300));
      throw new Error(`received ${this.received} bytes, ${received}`, { cause: error });
    });
  }

  /** The head of a request or a response, once it is complete. */
  head(): Promise<string> {
    return this.until('a head', () => this.#hasHead && this.bytes.toString('latin1', 0, this.#headLength));
  }

  /** The frames behind the head, once there are `count`. */
  frames(count: number): Promise<ReadFrame[]> {
    return this.until(`${count} frames`, () => {
      const frames = this.framesSoFar();
      return frames.length >= count ? frames : undefined;
    });
  }

  /** The frames behind the head; none while the last one is cut. */
  framesSoFar(): ReadFrame[] {
    try {
      return readFrames(this.body);
    } catch {
      return [];
    }
  }

  ended(): Promise<true> {
    return this.until('the end of the stream', () => this.hasEnded || this.isClosed);
  }

  /** Our own end is closed, in both directions. */
  closed(): Promise<true> {
    return this.until('the end of the connection', () => this.isClosed);
  }

  /** The other end is gone, in both directions: what is sent to it from now on is answered by a reset. */
  async gone(): Promise<true> {
    await this.ended();
    this.socket.resume();
    const knock = (): void => void this.socket.write('x');
    knock();
    const timer = setInterval(knock, 20);
    return this.until('the end of the connection', () => this.isClosed).finally(() => clearInterval(timer));
  }

  get #hasHead(): boolean {
    if (this.#headLength > 0) return true;
    const end = this.bytes.indexOf(HEAD_END);
    if (end >= 0) this.#headLength = end + HEAD_END.length;
    return end >= 0;
  }
}

export interface RawConnectOptions {
  readonly host?: string | undefined;
  /** Sent as soon as it is connected. */
  readonly send?: Uint8Array | string | undefined;
}

/** Connects to a server. The socket is half-open: it does not hang up because the server did. */
export async function connectRaw(port: number, options: RawConnectOptions = {}): Promise<RawPeer> {
  const socket = net.connect({ port, host: options.host ?? '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const peer = new RawPeer(socket);
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  if (options.send !== undefined) peer.write(options.send);
  return peer;
}

/** The request of a well-behaved client, with some fields replaced, added, or (by `undefined`) left out. */
export function upgradeRequest(fields: Record<string, string | undefined> = {}, target = '/'): string {
  const all: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': RFC_KEY,
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `GET ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Connects and completes the opening handshake. */
export async function openRaw(port: number, fields: Record<string, string | undefined> = {}): Promise<RawPeer> {
  const peer = await connectRaw(port, { send: upgradeRequest(fields) });
  const head = await peer.head();
  if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${head}`);
  return peer;
}
