import type { ProtocolPorts } from '../../ports.ts';

const KEY_BYTES = 16;
/** RFC 6455 1.3: proves that the server understood the key as one of WebSocket's. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A fresh `Sec-WebSocket-Key`: base64 of 16 random bytes (RFC 6455 4.1). */
export function createKey(ports: Pick<ProtocolPorts, 'fillRandom'>): string {
  const bytes = Buffer.alloc(KEY_BYTES);
  ports.fillRandom(bytes);
  return bytes.toString('base64');
}

/** The `Sec-WebSocket-Accept` that answers `key` (RFC 6455 4.2.2). */
export function acceptValue(key: string, sha1Base64: (text: string) => string): string {
  return sha1Base64(key + ACCEPT_GUID);
}

/** Tells whether `key` is base64 of 16 bytes: 22 characters that carry bits, and two of padding. */
export function isHandshakeKey(key: string): boolean {
  return /^[A-Za-z0-9+/]{22}==$/.test(key);
}
