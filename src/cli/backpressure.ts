import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { WebSocketConnection, WebSocketDataMessage } from '../index.ts';

/** Above this much unsent, senders wait. */
export const HIGH_WATER_BYTES: number = 1024 * 1024;
/** Down to this much they wait: enough to keep the socket busy until they are back. */
const LOW_WATER_BYTES = 64 * 1024;

/** Turns of the event loop without progress, some milliseconds, after which waiting sleeps: timers halve the rate. */
const TURNS_AWAKE = 1000;
const LONGEST_SLEEP_MS = 20;

/** Waits until at most `bytes` are unsent, or the connection is over. While nothing leaves, it looks less often. */
export async function untilSent(webSocket: WebSocketConnection, bytes: number = LOW_WATER_BYTES): Promise<void> {
  let before = Infinity;
  let idleTurns = 0;
  for (;;) {
    const buffered = webSocket.bufferedAmount();
    if (buffered <= bytes) return;
    idleTurns = buffered < before ? 0 : idleTurns + 1;
    before = buffered;
    await (idleTurns < TURNS_AWAKE ? nextTurn() : sleep(Math.min(idleTurns - TURNS_AWAKE, LONGEST_SLEEP_MS)));
  }
}

/** Sends messages back to where they came from, no faster than they leave: meanwhile nothing more is read. */
export class Echo {
  private readonly webSocket: WebSocketConnection;
  private readonly held: WebSocketDataMessage[] = [];
  private isWaiting = false;

  constructor(webSocket: WebSocketConnection) {
    this.webSocket = webSocket;
  }

  send(message: WebSocketDataMessage): void {
    const { webSocket, held } = this;
    if (this.isWaiting || !this.trySend(message)) held.push(message);
    if (!this.isWaiting && (held.length > 0 || webSocket.bufferedAmount() > HIGH_WATER_BYTES)) void this.catchUp();
  }

  /** Whether the message needs no more care: it was accepted, or the connection is over. */
  private trySend(message: WebSocketDataMessage): boolean {
    const info = this.webSocket.send(message.data, message.binary);
    return info.success || info.code !== 'bufferFull';
  }

  private async catchUp(): Promise<void> {
    const { webSocket, held } = this;
    this.isWaiting = true;
    webSocket.pause();
    do {
      // A message longer than the whole buffer is accepted when the buffer is empty.
      await untilSent(webSocket, held.length > 0 ? 0 : LOW_WATER_BYTES);
      while (held[0] !== undefined && this.trySend(held[0])) held.shift();
    } while (held.length > 0);
    this.isWaiting = false;
    webSocket.resume();
  }
}
