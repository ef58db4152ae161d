import { UsageError } from '../../../errors.ts';
import { excerpt } from '../../../util/excerpt.ts';
import { isAuthority } from '../../http1/authority.ts';
import { formatFields, formatRequestLine } from '../../http1/head/head-writer.ts';
import { formatStatusLine, type ResponseHead } from '../../http1/head/response-head.ts';
import { HttpHeaders } from '../../http1/headers.ts';
import { equalsIgnoringCase, listIncludes } from '../../http1/tokens.ts';
import { type ParsedExtension, parseExtensions, serializeExtensions } from './extension-header.ts';
import { acceptValue } from './handshake-key.ts';
import { checkSubprotocols } from './subprotocols.ts';

export { createKey } from './handshake-key.ts';

/** The parts of an upgrade request. */
export interface UpgradeRequest {
  /** `Host`, with its port; a `Host` among the extra headers goes first. */
  readonly host: string;
  /** Path and query. */
  readonly target: string;
  readonly key: string;
  /** Most wanted first. */
  readonly subprotocols: readonly string[];
  readonly extraHeaders: HttpHeaders;
  readonly extensions?: readonly ParsedExtension[] | undefined;
  /** `User-Agent`, unless the extra headers hold one. */
  readonly userAgent?: string | undefined;
  /** `Authorization`, unless the extra headers hold one. */
  readonly authorization?: string | undefined;
}

/** Fields with another place where they are set, or that would announce a body. */
const RESERVED_FIELDS: readonly (readonly [name: string, advice: string])[] = [
  ['Connection', 'is set by the handshake itself'],
  ['Upgrade', 'is set by the handshake itself'],
  ['Sec-WebSocket-Key', 'is set by the handshake itself'],
  ['Sec-WebSocket-Version', 'is set by the handshake itself'],
  ['Sec-WebSocket-Accept', 'belongs to the answer'],
  ['Sec-WebSocket-Extensions', 'follows from the options of permessage-deflate'],
  ['Sec-WebSocket-Protocol', 'is set by the subprotocols'],
  ['Content-Length', 'has no place in a request without a body'],
  ['Transfer-Encoding', 'has no place in a request without a body'],
];

/**
 * Checks headers that the user wants in the upgrade request.
 *
 * @throws UsageError (`invalidOption`) when one is reserved, or Host is repeated or invalid
 */
export function checkUpgradeHeaders(extraHeaders: HttpHeaders, option = 'extraHeaders'): void {
  for (const [name, advice] of RESERVED_FIELDS) {
    if (extraHeaders.has(name)) throw new UsageError(option, `${name} ${advice}`);
  }
  const hosts = extraHeaders.getAll('Host');
  if (hosts.length > 1) throw new UsageError(option, 'Host may be given once');
  if (hosts[0] !== undefined && !isAuthority(hosts[0])) throw new UsageError(option, 'Host must be host or host:port');
}

/**
 * The fields of the request that asks for the upgrade (RFC 6455 4.1), in the order of IXWebSocket. Extra headers
 * keep the order they were given in.
 *
 * @throws UsageError (`invalidOption`) when anything given could not be sent, or is reserved
 */
export function upgradeHeaders(request: UpgradeRequest): HttpHeaders {
  checkUpgradeHeaders(request.extraHeaders);
  checkSubprotocols(request.subprotocols);
  const extra = HttpHeaders.from(request.extraHeaders);
  const host = extra.get('Host') ?? request.host;
  if (typeof host !== 'string' || !isAuthority(host)) throw new UsageError('host', 'must be host or host:port');
  extra.delete('Host');

  const headers = new HttpHeaders();
  headers.append('Host', host);
  headers.append('Upgrade', 'websocket');
  headers.append('Connection', 'Upgrade');
  headers.append('Sec-WebSocket-Version', '13');
  headers.append('Sec-WebSocket-Key', request.key);
  if (request.userAgent !== undefined && !extra.has('User-Agent')) headers.append('User-Agent', request.userAgent);
  if (request.authorization !== undefined && !extra.has('Authorization')) {
    headers.append('Authorization', request.authorization);
  }
  for (const [name, value] of extra) headers.append(name, value);
  if (request.subprotocols.length > 0) headers.append('Sec-WebSocket-Protocol', request.subprotocols.join(','));
  const extensions = serializeExtensions(request.extensions ?? []);
  if (extensions !== '') headers.append('Sec-WebSocket-Extensions', extensions);
  return headers;
}

/**
 * The request with its {@link upgradeHeaders}, as a string to write as `latin1`.
 *
 * @throws UsageError (`invalidOption`) as they do, and for the target
 */
export function writeUpgradeRequest(request: UpgradeRequest, headers: HttpHeaders = upgradeHeaders(request)): string {
  return `${formatRequestLine('GET', request.target)}${formatFields(headers)}\r\n`;
}

/** The request, as far as the answer is held against it. */
export interface UpgradeExpectation {
  /** The key that was sent. */
  readonly key: string;
  /** Those that were offered. */
  readonly subprotocols: readonly string[];
  readonly offeredExtensions: readonly ParsedExtension[];
  /** Judges the parameters of the extensions in the answer: why they cannot be used, or `undefined`. */
  readonly acceptExtensions?: ((answers: readonly ParsedExtension[]) => string | undefined) | undefined;
  /** For messages: host of the server. */
  readonly host: string;
  /** For messages: the URL, without credentials. */
  readonly url: string;
  /** Base64 of the SHA-1 of Latin-1 text: `ProtocolPorts.sha1Base64`. */
  readonly sha1Base64: (text: string) => string;
}

/** Why an answer was refused; stable. */
export type HandshakeFailureCode =
  | 'badVersion'
  | 'badStatus'
  | 'invalidUpgrade'
  | 'invalidConnection'
  | 'invalidAccept'
  | 'invalidSubprotocol'
  | 'invalidExtensions'
  | 'malformedResponse';

export type UpgradeResponseResult =
  | { readonly ok: true; readonly protocol: string; readonly extensions: readonly ParsedExtension[] }
  | { readonly ok: false; readonly code: HandshakeFailureCode; readonly reason: string; readonly httpStatus: number };

/** Judges the answer to an upgrade request: every check of RFC 6455 4.1. */
export function checkUpgradeResponse(head: ResponseHead, expected: UpgradeExpectation): UpgradeResponseResult {
  const failure = statusFailure(head, expected) ?? upgradeFailure(head.headers, expected);
  if (failure !== undefined) return fail(head, ...failure);

  const protocol = head.headers.get('Sec-WebSocket-Protocol');
  // A repeated field is joined with a comma, which no offered one holds.
  if (protocol !== undefined && !expected.subprotocols.includes(protocol)) {
    return fail(
      head,
      'invalidSubprotocol',
      `Invalid Sec-WebSocket-Protocol: the server selected ${excerpt(protocol)}, which was not offered`,
    );
  }
  const extensionsHeader = head.headers.get('Sec-WebSocket-Extensions');
  const extensions = extensionsHeader === undefined ? [] : parseExtensions(extensionsHeader);
  if (extensions === undefined) {
    const value = excerpt(extensionsHeader ?? '');
    return fail(head, 'invalidExtensions', `Invalid Sec-WebSocket-Extensions value: ${value}`);
  }
  const isOffered = (name: string): boolean => expected.offeredExtensions.some((offer) => offer.name === name);
  const foreign = extensions.find((extension) => !isOffered(extension.name));
  if (foreign !== undefined) {
    const reason = `Invalid Sec-WebSocket-Extensions: the server uses ${excerpt(foreign.name)}, which was not offered`;
    return fail(head, 'invalidExtensions', reason);
  }
  const objection = extensions.length === 0 ? undefined : expected.acceptExtensions?.(extensions);
  if (objection !== undefined) return fail(head, 'invalidExtensions', objection);
  return { ok: true, protocol: protocol ?? '', extensions };
}

type Failure = readonly [code: HandshakeFailureCode, reason: string];

function fail(head: ResponseHead, code: HandshakeFailureCode, reason: string): UpgradeResponseResult {
  return { ok: false, code, reason, httpStatus: head.status };
}

/** Characters of a status line in messages. */
const LONGEST_STATUS_LINE = 256;

function statusFailure(head: ResponseHead, expected: UpgradeExpectation): Failure | undefined {
  const line = excerpt(formatStatusLine(head), LONGEST_STATUS_LINE);
  if (head.version !== '1.1') {
    const got = `HTTP/${head.version}`;
    return [
      'badVersion',
      `Expecting HTTP/1.1, got ${got}. Rejecting connection to ${expected.url}, status: ${head.status}, HTTP Status line: ${line}`,
    ];
  }
  if (head.status !== 101) {
    const reason = `Got bad status connecting to ${expected.host}, status: ${head.status}, HTTP Status line: ${line}`;
    return ['badStatus', reason];
  }
  return undefined;
}

/**
 * The field that speaks of a body, if there is one: behind one of two readers' 101 would begin another message (RFC 9110
 * 8.6, RFC 9112 6.1). A length of 0 means the same to all of them, and wsgiref of Python adds it to the 101 of ws4py.
 */
function bodyField(headers: HttpHeaders): string | undefined {
  if (headers.has('Transfer-Encoding')) return 'Transfer-Encoding';
  return (headers.get('Content-Length') ?? '0') === '0' ? undefined : 'Content-Length';
}

function upgradeFailure(headers: HttpHeaders, expected: UpgradeExpectation): Failure | undefined {
  const ofBody = bodyField(headers);
  if (ofBody !== undefined) {
    return ['malformedResponse', `A 101 response has no body, and must not have the field ${ofBody}`];
  }
  const upgrade = headers.get('Upgrade');
  if (upgrade === undefined) return ['invalidUpgrade', 'Missing Upgrade value'];
  if (!equalsIgnoringCase(upgrade, 'websocket'))
    return ['invalidUpgrade', `Invalid Upgrade value: ${excerpt(upgrade)}`];
  const connection = headers.get('Connection');
  if (connection === undefined) return ['invalidConnection', 'Missing connection value'];
  if (!listIncludes(connection, 'upgrade')) {
    return ['invalidConnection', `Invalid connection value: ${excerpt(connection)}`];
  }
  const accept = headers.get('Sec-WebSocket-Accept');
  if (accept === undefined) return ['invalidAccept', 'Missing Sec-WebSocket-Accept value'];
  // A repeated field is joined with a comma, and so never equal.
  if (accept !== acceptValue(expected.key, expected.sha1Base64)) {
    return ['invalidAccept', 'Invalid Sec-WebSocket-Accept value'];
  }
  return undefined;
}
