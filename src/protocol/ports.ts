/**
 * The few things the protocols need from outside. `src/platform` supplies them on Node; tests supply their own.
 * Nothing in `src/protocol` reaches for a clock, a socket or a source of randomness by itself.
 */
export interface ProtocolPorts {
  /** Fills the whole array with cryptographically strong random bytes. */
  fillRandom(target: Uint8Array): void;
  /** Base64 of the SHA-1 of `text` taken as Latin-1 (RFC 6455 section 4.2.2). */
  sha1Base64(text: string): string;
  /** Whether the whole array is valid UTF-8 (RFC 3629: no surrogates, no over-long forms, at most U+10FFFF). */
  isUtf8(bytes: Uint8Array): boolean;
}
