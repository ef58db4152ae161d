import type { Refusal } from '../protocol/http1/refusal.ts';

export const serverFull: Refusal = Object.freeze({
  status: 503,
  code: 'serverFull',
  reason: 'Too many connections',
  headers: [['Retry-After', '5']] as const,
});

export const internalError: Refusal = Object.freeze({
  status: 500,
  code: 'internalError',
  reason: 'The server failed to set up the connection',
});
