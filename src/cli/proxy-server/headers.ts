import type { UpgradeRequest, WebSocketHttpHeaders } from '../../index.ts';

/** Headers that are about one connection (RFC 9110 section 7.6.1), or that each handshake has of its own. */
const ofOneConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Written anew, from what came; and what comes back goes through as text, which must not be compressed. */
const notOfRequests: ReadonlySet<string> = new Set([
  'accept-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/** The client talks to this server. */
const notOfResponses: ReadonlySet<string> = new Set(['server']);

/** Headers of a request as the server behind gets them. */
export function forwardedHeaders(
  { headers, remoteIp, host }: Pick<UpgradeRequest, 'headers' | 'remoteIp' | 'host'>,
  isTls: boolean,
): (readonly [string, string])[] {
  const before = headers.get('X-Forwarded-For');
  return [
    ...endToEnd(headers, notOfRequests),
    ['X-Forwarded-For', before === undefined ? remoteIp : `${before}, ${remoteIp}`],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Proto', isTls ? 'wss' : 'ws'],
  ];
}

/** Headers of the answer as a client gets them, cookies among them. */
export function answeredHeaders(headers: WebSocketHttpHeaders): (readonly [string, string])[] {
  return endToEnd(headers, notOfResponses);
}

function endToEnd(headers: WebSocketHttpHeaders, others: ReadonlySet<string>): (readonly [string, string])[] {
  const named = new Set((headers.get('Connection') ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return [...headers].filter(([name]) => {
    const lower = name.toLowerCase();
    const isKept = !ofOneConnection.has(lower) && !others.has(lower) && !named.has(lower);
    return isKept && !lower.startsWith('sec-websocket-');
  });
}
