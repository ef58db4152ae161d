import type { PreparedMessage } from '../../protocol/websocket/frames/prepared-message.ts';

/** A message that waits to be encoded. */
export interface HeldMessage {
  data: string | Buffer | PreparedMessage;
  isBinary: boolean;
  /** Payload bytes before compression. */
  length: number;
  /** The key of what it is about, when a newer message with the same makes it obsolete. */
  readonly key: string | undefined;
}

/** The cost of a message beside its payload, so that a flood of empty ones is bounded as well. */
const OVERHEAD_BYTES = 128;

/** Below this many taken slots, moving the rest down costs more than the slots. */
const COMPACT_FROM = 64;

/**
 * Messages that wait as what they are, and not as frames: so each of them can still be dropped or replaced, and none
 * has passed through a compressor whose history the next one builds on.
 */
export class SendQueue {
  /** Payload bytes that wait. */
  bytes = 0;
  private items: (HeldMessage | undefined)[] = [];
  private head = 0;
  private byKey: Map<string, HeldMessage> | undefined;

  /** Messages that wait. */
  get length(): number {
    return this.items.length - this.head;
  }

  /** The bytes that wait, as they count against a limit. */
  get weight(): number {
    return this.bytes + this.length * OVERHEAD_BYTES;
  }

  push(message: HeldMessage): void {
    this.items.push(message);
    this.bytes += message.length;
    if (message.key === undefined) return;
    this.byKey ??= new Map();
    this.byKey.set(message.key, message);
  }

  /** Puts a message in the place of the one with its key; the payload bytes of that one, or -1 when there is none. */
  replace(message: HeldMessage): number {
    const held = message.key === undefined ? undefined : this.byKey?.get(message.key);
    if (held === undefined) return -1;
    const replaced = held.length;
    this.bytes += message.length - replaced;
    held.data = message.data;
    held.isBinary = message.isBinary;
    held.length = message.length;
    return replaced;
  }

  /** Takes out the message that has waited longest. */
  shift(): HeldMessage | undefined {
    const message = this.items[this.head];
    if (message === undefined) return undefined;
    this.items[this.head++] = undefined;
    this.bytes -= message.length;
    if (message.key !== undefined && this.byKey?.get(message.key) === message) this.byKey.delete(message.key);
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head >= COMPACT_FROM && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return message;
  }
}
