import { createHash } from 'node:crypto';
import type { Violation } from '../../src/protocol/websocket/closing/violations.ts';
import type { FrameHandler } from '../../src/protocol/websocket/frames/frame-handler.ts';

/** What a parser reported, in a form that tests can write down; see {@link writtenBytes} for payloads. */
export type FrameEvent =
  | readonly ['text', text: string, wireSize: number]
  | readonly ['binary', hex: string, wireSize: number]
  | readonly ['fragment', kind: 'text' | 'binary', receivedBytes: number]
  | readonly ['ping', hex: string, wireSize: number]
  | readonly ['pong', hex: string, wireSize: number]
  | readonly ['close', code: number, reason: string, wireSize: number]
  | readonly ['violation', code: string, closeCode: number, reason: string];

const LONGEST_WRITTEN = 300;

/** Bytes as tests write them: in hex, or as length and hash when there are too many to look at. */
export function writtenBytes(bytes: Uint8Array): string {
  if (bytes.length <= LONGEST_WRITTEN) return Buffer.from(bytes).toString('hex');
  return `${bytes.length} bytes, SHA-1 ${createHash('sha1').update(bytes).digest('hex')}`;
}

/** Text as tests write it: as it is, or as length and hash when it is too long to look at. */
export function writtenText(text: string): string {
  return text.length <= LONGEST_WRITTEN ? text : writtenBytes(Buffer.from(text, 'utf16le'));
}

/** Keeps what is reported, and writes it down only when asked: memory that is shared with the parser shows by then. */
export class RecordingFrameHandler implements FrameHandler {
  readonly #late: (() => FrameEvent)[] = [];
  /** Called at the end of each report. */
  afterEach: (() => void) | undefined;

  get events(): FrameEvent[] {
    return this.#late.map((write) => write());
  }

  get count(): number {
    return this.#late.length;
  }

  onText(text: string, wireSize: number): void {
    this.#record(() => ['text', writtenText(text), wireSize]);
  }

  onBinary(data: Buffer, wireSize: number): void {
    this.#record(() => ['binary', writtenBytes(data), wireSize]);
  }

  onFragment(isBinary: boolean, receivedBytes: number): void {
    this.#record(() => ['fragment', isBinary ? 'binary' : 'text', receivedBytes]);
  }

  onPing(payload: Buffer, wireSize: number): void {
    this.#record(() => ['ping', writtenBytes(payload), wireSize]);
  }

  onPong(payload: Buffer, wireSize: number): void {
    this.#record(() => ['pong', writtenBytes(payload), wireSize]);
  }

  onClose(code: number, reason: string, wireSize: number): void {
    this.#record(() => ['close', code, reason, wireSize]);
  }

  onViolation(violation: Violation): void {
    this.#record(() => ['violation', violation.code, violation.closeCode, violation.reason]);
  }

  #record(write: () => FrameEvent): void {
    this.#late.push(write);
    this.afterEach?.();
  }
}
