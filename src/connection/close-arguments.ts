import { UsageError } from '../errors.ts';
import { isSendableCloseCode } from '../protocol/websocket/closing/close-codes.ts';
import { MAX_CLOSE_REASON_BYTES } from '../protocol/websocket/frames/opcodes.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';

/** Throws for what must not be in a close frame. */
export function checkClose(code: number, reason: string): void {
  checkCloseCode('code', code);
  checkCloseReason('reason', reason);
}

export function checkCloseCode(name: string, value: unknown): number {
  if (typeof value !== 'number' || !isSendableCloseCode(value)) {
    throw new UsageError(name, 'must be 1000 to 1003, 1007 to 1014 or 3000 to 4999');
  }
  return value;
}

export function checkCloseReason(name: string, value: unknown): string {
  const length = typeof value === 'string' ? utf8Length(value) : -1;
  if (length < 0 || length > MAX_CLOSE_REASON_BYTES) {
    throw new UsageError(name, `must be a string of at most ${MAX_CLOSE_REASON_BYTES} bytes of UTF-8`);
  }
  return value as string;
}
