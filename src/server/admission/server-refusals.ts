import type { Refusal } from '../../protocol/http1/head/refusal.ts';

export const requestTimeout: Refusal = Object.freeze({
  status: 408,
  code: 'requestTimeout',
  reason: 'The request did not arrive in time',
});

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

export const serverStopping: Refusal = Object.freeze({
  status: 503,
  code: 'serverStopping',
  reason: 'The server does not take connections at the moment',
  headers: [['Retry-After', '5']] as const,
});

export const upgradeTimeout: Refusal = Object.freeze({
  status: 503,
  code: 'upgradeTimeout',
  reason: 'The server did not decide about the request in time',
  headers: [['Retry-After', '5']] as const,
});

export const pathNotFound: Refusal = Object.freeze({
  status: 404,
  code: 'pathNotFound',
  reason: 'There is no WebSocket at this path',
});

export const hostNotAllowed: Refusal = Object.freeze({
  status: 421,
  code: 'hostNotAllowed',
  reason: "This server does not go by the name in Host; the server's option allowedHosts lists those it goes by",
});

export const tooManyConnectionsOfAddress: Refusal = Object.freeze({
  status: 429,
  code: 'tooManyConnectionsOfAddress',
  reason: 'Too many connections from this address',
  headers: [['Retry-After', '30']] as const,
});

export const tooManyHandshakesOfAddress: Refusal = Object.freeze({
  status: 429,
  code: 'tooManyHandshakesOfAddress',
  reason: 'Too many opening handshakes from this address',
  headers: [['Retry-After', '60']] as const,
});

export const notWebSocket: Refusal = Object.freeze({
  status: 400,
  code: 'notWebSocket',
  reason: 'The request is no WebSocket handshake',
});
