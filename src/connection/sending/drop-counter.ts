import { afterThisTurn } from '../../platform/turn.ts';

/** Counts the messages that a connection dropped, and tells of those of a turn of the event loop together. */
export class DropCounter {
  messages = 0;
  bytes = 0;
  private toldMessages = 0;
  private toldBytes = 0;
  private isScheduled = false;
  private readonly tell: (messages: number, bytes: number) => void;

  constructor(tell: (messages: number, bytes: number) => void) {
    this.tell = tell;
  }

  add(bytes: number): void {
    this.messages++;
    this.bytes += bytes;
    if (this.isScheduled) return;
    this.isScheduled = true;
    // Not sooner: who sends when told of a loss may lose that message as well, and would keep the loop from its I/O.
    afterThisTurn(() => this.tellNow());
  }

  /** Tells of what was not told. */
  tellNow(): void {
    this.isScheduled = false;
    const messages = this.messages - this.toldMessages;
    const bytes = this.bytes - this.toldBytes;
    if (messages === 0) return;
    this.toldMessages = this.messages;
    this.toldBytes = this.bytes;
    this.tell(messages, bytes);
  }
}
