/** Counts what a conversation sends and receives, for `/stats`. */
export class Traffic {
  private readonly elapsedMs: () => number;
  private connections = 0;
  private openedMs: number | undefined;
  private sentMessages = 0;
  private sentBytes = 0;
  private receivedMessages = 0;
  private receivedBytes = 0;

  constructor(elapsedMs: () => number) {
    this.elapsedMs = elapsedMs;
  }

  onOpen(): void {
    this.connections++;
    this.openedMs = this.elapsedMs();
  }

  onClosed(): void {
    this.openedMs = undefined;
  }

  onSent(bytes: number): void {
    this.sentMessages++;
    this.sentBytes += bytes;
  }

  onReceived(bytes: number): void {
    this.receivedMessages++;
    this.receivedBytes += bytes;
  }

  /** Messages received so far, on all connections. */
  get received(): number {
    return this.receivedMessages;
  }

  /** The counts in lines, payloads without the headers of frames. */
  describe(): string[] {
    const { connections, openedMs } = this;
    const state =
      openedMs === undefined
        ? 'not connected'
        : `connected for ${((this.elapsedMs() - openedMs) / 1000).toFixed(1)} s (connection ${connections})`;
    return [
      state,
      `sent ${counted(this.sentMessages, 'message')}, ${counted(this.sentBytes, 'byte')}`,
      `received ${counted(this.receivedMessages, 'message')}, ${counted(this.receivedBytes, 'byte')}`,
    ];
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
