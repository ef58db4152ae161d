import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WebSocketSendInfo } from '../../index.ts';

/** The part of a connection that pushing needs. */
export interface PushTarget {
  readonly canSendMore: boolean;
  drain(): Promise<void>;
  sendText(text: string): WebSocketSendInfo;
}

/**
 * Messages sent until other events get their turn. A system that takes everything at once would keep us here for
 * all of them, and nobody would see a signal, or that the client is gone.
 */
const MESSAGES_PER_TURN = 8192;

/**
 * Sends a text `count` times, no faster than it is taken. The first messages leave before this returns.
 *
 * @returns whether all of them were accepted; it ends with the first that is not
 */
export async function push(target: PushTarget, text: string, count: number): Promise<boolean> {
  for (let sent = 0; sent < count; ) {
    const end = Math.min(count, sent + MESSAGES_PER_TURN);
    while (sent < end) {
      if (!target.canSendMore) await target.drain();
      const info = target.sendText(text);
      if (info.success) sent++;
      else if (info.code === 'bufferFull') await target.drain();
      else return false;
    }
    if (sent < count) await nextTurn();
  }
  return true;
}
