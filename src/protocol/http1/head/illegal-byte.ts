import type { HeadFailureCode } from './head-failure.ts';

// Which failure an octet means that may not stand where it was found. Off the hot path: the reader asks once.

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SP = 0x20;
const COLON = 0x3a;
/** First bytes of TLS records that carry an alert, or a handshake (RFC 8446 section 5.1). */
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;

/** A line feed where none may be is reported as such wherever it is. */
export function orBareLineFeed(byte: number | undefined, code: HeadFailureCode): HeadFailureCode {
  return byte === LF ? 'bareLineFeed' : code;
}

/** The first byte of a request is no method character. */
export function firstByteFailure(byte: number): HeadFailureCode {
  if (byte === TLS_HANDSHAKE) return 'tlsClientHello';
  return byte === CR || byte === SP ? 'invalidRequestLine' : orBareLineFeed(byte, 'invalidMethod');
}

/** Tells whether a response begins as what a TLS server answers to plain text. */
export function isTlsRecord(byte: number): boolean {
  return byte === TLS_ALERT || byte === TLS_HANDSHAKE;
}

/** A part of the request line is cut short, empty, or holds what it may not. */
export function requestLineFailure(byte: number | undefined, code: HeadFailureCode): HeadFailureCode {
  return byte === CR || byte === SP ? 'invalidRequestLine' : orBareLineFeed(byte, code);
}

/** A line after the start line begins with no header name. */
export function fieldStartFailure(byte: number): HeadFailureCode {
  // RFC 9112 2.2 and 5.2: no white space before the first header, and no folding.
  if (byte === SP || byte === HTAB) return 'foldedHeader';
  if (byte === COLON) return 'emptyHeaderName';
  return orBareLineFeed(byte, 'invalidHeaderName');
}

/** A header name is not followed by its colon. */
export function nameFailure(byte: number | undefined): HeadFailureCode {
  // RFC 9112 5.1: white space before the colon is a known way to smuggle, and answered with 400.
  if (byte === SP || byte === HTAB) return 'spaceBeforeColon';
  if (byte === CR) return 'missingColon';
  return orBareLineFeed(byte, 'invalidHeaderName');
}
