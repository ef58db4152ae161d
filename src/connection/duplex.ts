import { Duplex } from 'node:stream';
import { IxError } from '../errors.ts';
import { flag } from '../util/option-kinds.ts';
import { type OptionTable, optionTable, type Resolved, resolveOptions } from '../util/option-table.ts';
import type { MessageOf } from './messages/message-hub.ts';
import type { WebSocketCloseInfo, WebSocketCloseMessage, WebSocketDataMessage } from './messages/messages.ts';
import type { SendData, WebSocketSendInfo } from './sending/send-data.ts';
import type { SendOptions } from './sending/send-options.ts';

/** The options of a stream that is made of a connection. */
export interface DuplexOptions {
  /**
   * Sends what is written as binary messages, not as text. As text, each chunk must be valid by itself.
   * @default true; strings as text in object mode
   */
  readonly binary?: boolean | undefined;
  /**
   * Reads messages one by one: strings for text, buffers for binary. Without it, it is a stream of
   * bytes, whose chunks may be cut and joined.
   * @default false
   */
  readonly objectMode?: boolean | undefined;
}

/** The part of a connection that a stream needs. */
export interface DuplexConnection {
  getReadyState(): string;
  sendWhenReady(data: SendData, options: SendOptions): Promise<WebSocketSendInfo>;
  drain(): Promise<void>;
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  on<T extends 'message' | 'close'>(type: T, listener: (message: MessageOf<T>) => unknown): unknown;
  off<T extends 'message' | 'close'>(type: T, listener: (message: MessageOf<T>) => unknown): unknown;
}

const IN_ORDER: readonly number[] = [1000, 1001, 1005];

const duplexTable: OptionTable<Resolved<DuplexOptions, 'binary'>> = optionTable('toDuplex()', {
  binary: flag(undefined),
  objectMode: flag(false),
});

/** Makes a stream of a connection. */
export function toDuplex(connection: DuplexConnection, options: DuplexOptions): Duplex {
  const { binary, objectMode } = resolveOptions(duplexTable, options);
  return new ConnectionStream(connection, binary, objectMode);
}

class ConnectionStream extends Duplex {
  readonly #connection: DuplexConnection;
  readonly #binary: boolean | undefined;
  readonly #isObjectMode: boolean;
  /** Called when the connection is over. */
  #onceOver: (() => void) | undefined;
  #isOver: boolean;

  constructor(connection: DuplexConnection, binary: boolean | undefined, objectMode: boolean) {
    super({ objectMode, allowHalfOpen: false, decodeStrings: false });
    this.#connection = connection;
    this.#binary = objectMode ? binary : (binary ?? true);
    this.#isObjectMode = objectMode;
    this.#isOver = connection.getReadyState() === 'closed';
    if (this.#isOver) {
      this.push(null);
      return;
    }
    connection.on('message', this.#onMessage);
    connection.on('close', this.#onClose);
  }

  override _read(): void {
    if (!this.#isOver) this.#connection.resume();
  }

  override _write(chunk: SendData, encoding: BufferEncoding, written: (error?: Error | null) => void): void {
    // In object mode a string is what it is, and comes without an encoding.
    const isEncoded = typeof chunk === 'string' && !this.#isObjectMode && !isUtf8Name(encoding);
    void this.#send(isEncoded ? Buffer.from(chunk, encoding) : chunk).then(written, written);
  }

  override _final(done: () => void): void {
    if (this.#isOver) {
      done();
      return;
    }
    this.#onceOver = done;
    this.#connection.close();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#leave();
    if (!this.#isOver) this.#connection.terminate();
    done(error);
  }

  async #send(data: SendData): Promise<Error | null> {
    const connection = this.#connection;
    const options = this.#binary === undefined ? {} : { binary: this.#binary };
    for (;;) {
      const info = await connection.sendWhenReady(data, options);
      if (info.success) return null;
      if (info.code !== 'bufferFull') return new IxError(info.code, `a message could not be sent: ${info.code}`);
      await connection.drain();
    }
  }

  readonly #onMessage = (message: WebSocketDataMessage): void => {
    const chunk: unknown = this.#isObjectMode ? message.data : message.bytes;
    // Without bytes there is nothing to read in a stream of bytes; and nothing is what an empty string pushes.
    if (!this.#isObjectMode && message.data.length === 0) return;
    if (!this.push(chunk)) this.#connection.pause();
  };

  readonly #onClose = ({ closeInfo }: WebSocketCloseMessage): void => {
    this.#isOver = true;
    this.#leave();
    const isInOrder = closeInfo.layer === 'websocket' && IN_ORDER.includes(closeInfo.code);
    if (isInOrder) {
      this.push(null);
      this.#onceOver?.();
    } else this.destroy(toError(closeInfo));
  };

  #leave(): void {
    this.#connection.off('message', this.#onMessage);
    this.#connection.off('close', this.#onClose);
  }
}

function isUtf8Name(encoding: string): boolean {
  return encoding === 'utf8' || encoding === 'utf-8';
}

function toError({ code, reason, cause }: WebSocketCloseInfo): IxError {
  const said = reason === '' ? '' : ` "${reason}"`;
  return new IxError('connectionClosed', `the connection was closed with ${code}${said}`, { cause });
}
