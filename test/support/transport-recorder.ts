import type { TransportHandler } from '../../src/transport/transport.ts';
import { Watch } from './watch.ts';

/** Keeps what a transport reports; bytes are copied, as they must be. */
export class TransportRecorder implements TransportHandler {
  readonly events: string[] = [];
  bytes: Buffer = Buffer.alloc(0);
  reads = 0;
  drains = 0;
  error: Error | undefined;
  onRead: (() => void) | undefined;
  readonly #watch = new Watch();

  onBytes(buffer: Buffer, start: number, end: number): void {
    this.reads++;
    this.bytes = Buffer.concat([this.bytes, buffer.subarray(start, end)]);
    // The owner of the bytes may change them.
    buffer.fill(0xee, start, end);
    this.onRead?.();
    this.#watch.changed();
  }

  onEnd(): void {
    this.#record('end');
  }

  onDrain(): void {
    this.drains++;
    this.#watch.changed();
  }

  onClosed(error: Error | undefined): void {
    this.error = error;
    this.#record('closed');
  }

  until(what: string, read: () => boolean): Promise<unknown> {
    return this.#watch.until(what, read);
  }

  #record(event: string): void {
    this.events.push(event);
    this.#watch.changed();
  }
}
