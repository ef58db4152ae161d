import { UsageError } from '../errors.ts';
import { isSendableCloseCode } from '../protocol/websocket/closing/close-codes.ts';
import { MAX_CLOSE_REASON_BYTES } from '../protocol/websocket/frames/opcodes.ts';
import { utf8Length } from '../protocol/websocket/text/text.ts';

/** Throws for what must not be in a close frame. */
export function checkClose(code: number, reason: string): void {
  if (typeof code !== 'number' || !isSendableCloseCode(code)) {
    throw new UsageError('code', 'must be 1000 to 1003, 1007 to 1014 or 3000 to 4999');
  }
  const length = typeof reason === 'string' ? utf8Length(reason) : -1;
  if (length < 0 || length > MAX_CLOSE_REASON_BYTES) {
    throw new UsageError('reason', `must be a string of at most ${MAX_CLOSE_REASON_BYTES} bytes of UTF-8`);
  }
}
