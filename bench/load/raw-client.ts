import { connect, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

/** One buffer for all sockets of the process: what arrives is looked at within the callback and never kept. */
const readBuffer = Buffer.allocUnsafeSlow(1 << 20);

/** A write may bring the next bytes before it returns (TLS does that), so writing has to be the last thing it does. */
export type OnBytes = (bytes: Buffer, length: number) => void;

export interface RawClientOptions {
  readonly port: number;
  readonly path?: string;
  /** Extensions to offer. */
  readonly extensions?: string | undefined;
  /** Speak TLS and trust this certificate. */
  readonly trusted?: string | undefined;
  readonly onOpen: (client: RawClient) => void;
  readonly onBytes?: OnBytes;
  readonly onClose?: () => void;
}

/** A client that knows just enough of the opening handshake to get past it, and afterwards sees plain bytes. */
export class RawClient {
  readonly socket: Socket;
  onBytes: OnBytes | undefined;
  readonly #onOpen: (client: RawClient) => void;
  /** The extensions that the server agreed to. */
  extensions = '';
  #head = '';
  #isOpen = false;

  constructor(options: RawClientOptions) {
    this.onBytes = options.onBytes;
    this.#onOpen = options.onOpen;
    this.socket = openSocket(options, {
      buffer: readBuffer,
      callback: (length, bytes) => {
        if (this.#isOpen) this.onBytes?.(bytes as Buffer, length);
        else this.#readHead(bytes as Buffer, length);
        return true;
      },
    });
    this.socket.on('error', failOn);
    if (options.onClose !== undefined) this.socket.on('close', options.onClose);
    this.socket.write(requestFor(options), 'latin1');
  }

  /** Ends the connection, no longer minding how. */
  leave(): void {
    this.socket.off('error', failOn);
    this.socket.on('error', () => {});
    this.socket.destroy();
  }

  #readHead(bytes: Buffer, length: number): void {
    this.#head += bytes.toString('latin1', 0, length);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!this.#head.startsWith('HTTP/1.1 101 ')) throw new Error(`not upgraded: ${this.#head.slice(0, 200)}`);
    const rest = this.#head.slice(end + 4);
    this.extensions = /^sec-websocket-extensions: *(.*\S)/im.exec(this.#head.slice(0, end))?.[1] ?? '';
    this.#head = '';
    this.#isOpen = true;
    this.#onOpen(this);
    if (rest !== '') this.onBytes?.(Buffer.from(rest, 'latin1'), rest.length);
  }
}

function failOn(error: Error): void {
  throw error;
}

/** All clients choose the same cipher, whatever the server would prefer. */
const tls = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;

function openSocket({ port, trusted }: RawClientOptions, onread: OnReadOpts): Socket {
  const address = { port, host: '127.0.0.1' };
  if (trusted === undefined) return connect({ ...address, noDelay: true, onread });
  // TypeScript's types of tls.connect leave `onread` out, the documentation does not.
  const options = { ...address, ...tls, ca: trusted, onread };
  return connectSecurely(options).setNoDelay();
}

function requestFor({ port, path = '/', extensions }: RawClientOptions): string {
  const offer = extensions === undefined ? '' : `Sec-WebSocket-Extensions: ${extensions}\r\n`;
  return (
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n${offer}\r\n`
  );
}

/** Opens one connection and resolves once it is upgraded. */
export function openRawClient(options: Omit<RawClientOptions, 'onOpen'>): Promise<RawClient> {
  return new Promise((resolve) => new RawClient({ ...options, onOpen: resolve }));
}

/** Runs `work` until it was started `count` times, at most `concurrency` at once. */
export async function repeat(count: number, concurrency: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
