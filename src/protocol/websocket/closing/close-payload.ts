import type { IsUtf8 } from '../text/utf8.ts';
import { CloseCode, isSendableCloseCode } from './close-codes.ts';
import { invalidCloseCode, type Violation, Violations } from './violations.ts';

export type ClosePayload = { readonly code: number; readonly reason: string } | { readonly violation: Violation };

/** Reads the payload of a close frame (RFC 6455 section 5.5.1): nothing, or a code and a reason in UTF-8. */
export function parseClosePayload(payload: Buffer, isUtf8: IsUtf8): ClosePayload {
  if (payload.length === 0) return { code: CloseCode.NoStatus, reason: '' };
  if (payload.length === 1) return { violation: Violations.closePayloadTruncated };
  const code = payload.readUInt16BE(0);
  if (!isSendableCloseCode(code)) return { violation: invalidCloseCode(code) };
  const reason = payload.subarray(2);
  return isUtf8(reason) ? { code, reason: reason.toString('utf8') } : { violation: Violations.invalidUtf8 };
}

/** Writes the payload of a close frame; 1005, "no status", is expressed by an empty one. */
export function writeClosePayload(code: number, reason: string): Buffer {
  if (code === CloseCode.NoStatus) return Buffer.alloc(0);
  const text = Buffer.from(reason, 'utf8');
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}
