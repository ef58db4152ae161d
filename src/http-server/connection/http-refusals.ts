import type { Refusal } from '../../protocol/http1/head/refusal.ts';

export const contentTooLarge: Refusal = Object.freeze({
  status: 413,
  code: 'contentTooLarge',
  reason: 'The body of the request is too large',
});

export const outOfMemory: Refusal = Object.freeze({
  status: 503,
  code: 'outOfMemory',
  reason: 'Too many requests at once',
  headers: [['Retry-After', '5']] as const,
});

/** RFC 9110 15.6.2: CONNECT and TRACE are for proxies, and TRACE shows scripts what they may not see. */
export const notImplemented: Refusal = Object.freeze({
  status: 501,
  code: 'methodNotImplemented',
  reason: 'This method is not implemented',
});

export const invalidEncoding: Refusal = Object.freeze({
  status: 400,
  code: 'invalidContentEncoding',
  reason: 'The body of the request could not be decoded',
});

export const invalidJson: Refusal = Object.freeze({
  status: 400,
  code: 'invalidJson',
  reason: 'The body of the request is no JSON',
});

/** RFC 9110 12.5.3: the answer names what would have been understood. */
export const unsupportedEncoding: Refusal = Object.freeze({
  status: 415,
  code: 'unsupportedContentEncoding',
  reason: 'The body of the request is encoded in a way that is not understood',
  headers: [['Accept-Encoding', 'gzip, deflate, br, zstd']] as const,
});
