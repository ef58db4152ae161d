import { UsageError } from '../../../errors.ts';
import { formatFields } from '../../http1/head/head-writer.ts';
import type { Refusal } from '../../http1/head/refusal.ts';
import type { RequestHead } from '../../http1/head/request-head.ts';
import type { HttpHeaders } from '../../http1/headers.ts';
import { listIncludes } from '../../http1/tokens.ts';
import { type ParsedExtension, parseExtensions, serializeExtensions } from './extension-header.ts';
import { acceptValue, isHandshakeKey } from './handshake-key.ts';
import { parseOfferedSubprotocols } from './subprotocols.ts';

/** Settings of the server's side of the opening handshake. */
export interface UpgradeOptions {
  /** Ours, most wanted first. @default none is selected */
  readonly subprotocols?: readonly string[] | undefined;
  /** Answers the offered extensions with those to use. @default none is used */
  readonly acceptExtensions?: ((offers: readonly ParsedExtension[]) => readonly ParsedExtension[]) | undefined;
  /** Base64 of the SHA-1 of Latin-1 text: `ProtocolPorts.sha1Base64`. */
  readonly sha1Base64: (text: string) => string;
}

/** The result of an accepted upgrade. */
export interface AcceptedUpgrade {
  readonly ok: true;
  readonly key: string;
  readonly accept: string;
  readonly offeredSubprotocols: readonly string[];
  /** Empty when none was selected. */
  readonly protocol: string;
  /** The value of `Sec-WebSocket-Extensions`; empty when none is used. */
  readonly extensions: string;
}

export type UpgradeResult = AcceptedUpgrade | { readonly ok: false; readonly refusal: Refusal };

/** The answer to an ordinary HTTP request where only WebSocket is spoken (RFC 9110 15.5.22). */
export const upgradeRequired: Refusal = Object.freeze({
  status: 426,
  code: 'upgradeRequired',
  reason: 'This is a WebSocket server: connect with the WebSocket protocol',
  headers: [['Upgrade', 'websocket']] as const,
});

/** Tells whether the request asks for WebSocket, be it well or badly; one that does not is an ordinary HTTP request. */
export function isWebSocketRequest(head: RequestHead): boolean {
  const { headers } = head;
  const upgrade = headers.get('Upgrade');
  if (upgrade !== undefined && listIncludes(upgrade, 'websocket')) return true;
  return headers.has('Sec-WebSocket-Key') || headers.has('Sec-WebSocket-Version');
}

/**
 * Judges an opening handshake (RFC 6455 4.2.1), and prepares the answer (4.2.2). The head was read strictly, so its
 * target and its Host are known to be valid.
 *
 * @throws what `acceptExtensions` throws
 */
export function evaluateUpgrade(head: RequestHead, options: UpgradeOptions): UpgradeResult {
  const refusal =
    requestLineRefusal(head) ?? upgradeRefusal(head.headers) ?? keyRefusal(head.headers) ?? bodyRefusal(head.headers);
  if (refusal !== undefined) return { ok: false, refusal };

  const { headers } = head;
  let offeredSubprotocols: readonly string[] = [];
  const protocolHeader = headers.get('Sec-WebSocket-Protocol');
  if (protocolHeader !== undefined) {
    const parsed = parseOfferedSubprotocols(protocolHeader);
    if (parsed === undefined) return refuse('invalidSubprotocols', 'Invalid Sec-WebSocket-Protocol header');
    offeredSubprotocols = parsed;
  }
  let offers: readonly ParsedExtension[] = [];
  const extensionsHeader = headers.get('Sec-WebSocket-Extensions');
  if (extensionsHeader !== undefined) {
    const parsed = parseExtensions(extensionsHeader);
    if (parsed === undefined) return refuse('invalidExtensions', 'Invalid Sec-WebSocket-Extensions header');
    offers = parsed;
  }

  const key = headers.get('Sec-WebSocket-Key') ?? '';
  const accepted = offers.length === 0 ? undefined : options.acceptExtensions?.(offers);
  return {
    ok: true,
    key,
    accept: acceptValue(key, options.sha1Base64),
    offeredSubprotocols,
    protocol: selectSubprotocol(offeredSubprotocols, options.subprotocols),
    extensions: accepted === undefined ? '' : serializeExtensions(accepted),
  };
}

function badRequest(code: string, reason: string): Refusal {
  return { status: 400, code, reason };
}

function refuse(code: string, reason: string): UpgradeResult {
  return { ok: false, refusal: badRequest(code, reason) };
}

/** At most this much of a value of the peer's is repeated to it. */
function excerpt(value: string): string {
  return value.length > 64 ? `${value.slice(0, 64)}…` : value;
}

function requestLineRefusal(head: RequestHead): Refusal | undefined {
  if (head.method !== 'GET') {
    const reason = `Invalid HTTP method, need GET, got ${excerpt(head.method)}`;
    return { status: 405, code: 'invalidMethod', reason, headers: [['Allow', 'GET']] };
  }
  if (!isWebSocketRequest(head)) return upgradeRequired;
  if (head.version !== '1.1') {
    return badRequest('invalidVersion', `Invalid HTTP version, need HTTP/1.1, got: HTTP/${head.version}`);
  }
  return undefined;
}

/**
 * Upgrade and Connection are lists (RFC 9110 7.6.1 and 7.8), so other elements beside ours, and several lines, are
 * fine: browsers behind proxies send `Connection: keep-alive, Upgrade`.
 */
function upgradeRefusal(headers: HttpHeaders): Refusal | undefined {
  const upgrade = headers.get('Upgrade');
  if (upgrade === undefined) return badRequest('missingUpgrade', 'Missing Upgrade header');
  if (!listIncludes(upgrade, 'websocket')) {
    return badRequest('invalidUpgrade', `Invalid Upgrade header, need WebSocket, got ${excerpt(upgrade)}`);
  }
  const connection = headers.get('Connection');
  if (connection === undefined) return badRequest('missingConnection', 'Missing Connection header');
  if (!listIncludes(connection, 'upgrade')) {
    return badRequest('invalidConnection', `Invalid Connection header, need Upgrade, got ${excerpt(connection)}`);
  }
  // RFC 6454 7.3 knows one only, and the origin rule must not judge another than some proxy did.
  if (headers.count('Origin') > 1) return badRequest('repeatedOrigin', 'More than one Origin header');
  return undefined;
}

/** RFC 6455 11.3.1 and 11.3.5: neither may occur twice. */
function keyRefusal(headers: HttpHeaders): Refusal | undefined {
  const versions = headers.count('Sec-WebSocket-Version');
  if (versions === 0) return badRequest('missingWebSocketVersion', 'Missing Sec-WebSocket-Version value');
  if (versions > 1) return badRequest('repeatedWebSocketVersion', 'More than one Sec-WebSocket-Version header');
  const version = headers.get('Sec-WebSocket-Version') ?? '';
  if (version !== '13') {
    return {
      status: 426,
      code: 'unsupportedWebSocketVersion',
      reason: `Invalid Sec-WebSocket-Version, need 13, got ${excerpt(version)}`,
      headers: [
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Version', '13'],
      ],
    };
  }
  const keys = headers.count('Sec-WebSocket-Key');
  if (keys === 0) return badRequest('missingKey', 'Missing Sec-WebSocket-Key value');
  if (keys > 1) return badRequest('repeatedKey', 'More than one Sec-WebSocket-Key header');
  if (!isHandshakeKey(headers.get('Sec-WebSocket-Key') ?? '')) {
    return badRequest('invalidKey', 'Invalid Sec-WebSocket-Key value, need base64 of 16 bytes');
  }
  return undefined;
}

/** A body would be taken for frames, or frames for a body, by whoever stands between. */
function bodyRefusal(headers: HttpHeaders): Refusal | undefined {
  const length = headers.get('Content-Length');
  if ((length === undefined || length === '0') && !headers.has('Transfer-Encoding')) return undefined;
  return badRequest('unexpectedBody', 'An upgrade request must not have a body');
}

function selectSubprotocol(offered: readonly string[], ours: readonly string[] = []): string {
  return ours.find((subprotocol) => offered.includes(subprotocol)) ?? '';
}

/** Fields of the answer that are ours to write, and those a 101 must not have (RFC 9112 6.1, RFC 9110 8.6). */
const RESERVED_FIELDS: readonly string[] = [
  'Sec-WebSocket-Accept',
  'Sec-WebSocket-Extensions',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Version',
  'Upgrade',
  'Connection',
  'Content-Length',
  'Transfer-Encoding',
];

/**
 * The answer that completes the handshake (RFC 6455 4.2.2), as a string to write as `latin1`. `extraHeaders` go after
 * the fields of the handshake; `Server` may be among them.
 *
 * @throws UsageError (`invalidOption`) when an extra header is one that the handshake itself writes
 */
export function writeSwitchingProtocols(accepted: AcceptedUpgrade, extraHeaders?: HttpHeaders): string {
  let text = `HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: ${accepted.accept}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
  if (extraHeaders !== undefined && extraHeaders.size > 0) {
    const reserved = RESERVED_FIELDS.find((name) => extraHeaders.has(name));
    if (reserved !== undefined) throw new UsageError('extraHeaders', `${reserved} is set by the handshake itself`);
    text += formatFields(extraHeaders);
  }
  if (accepted.protocol !== '') text += `Sec-WebSocket-Protocol: ${accepted.protocol}\r\n`;
  if (accepted.extensions !== '') text += `Sec-WebSocket-Extensions: ${accepted.extensions}\r\n`;
  return `${text}\r\n`;
}
