import { UsageError } from '../../errors.ts';
import { nodePorts } from '../../platform/node-ports.ts';
import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import { HttpHeaders, type HttpHeadersInit } from '../../protocol/http1/headers.ts';
import type { PerMessageDeflate } from '../../protocol/websocket/deflate/per-message-deflate.ts';
import type { PerMessageDeflateSource } from '../../protocol/websocket/deflate/per-message-deflate-source.ts';
import {
  type AcceptedUpgrade,
  evaluateUpgrade,
  writeSwitchingProtocols,
} from '../../protocol/websocket/handshake/handshake-server.ts';
import { isOriginAllowed, type OriginPolicy, originRefusal } from '../../protocol/websocket/handshake/origin-policy.ts';
import type { SubprotocolChooser, UpgradeAcceptanceFields } from './upgrade-request.ts';

/** The options that an opening handshake is judged by. Those that are functions are asked later. */
export interface UpgradeRules {
  readonly subprotocols: readonly string[] | SubprotocolChooser | undefined;
  readonly allowedOrigins: OriginPolicy;
}

/** An opening handshake that can be completed. */
export interface Upgrade {
  /** The response to be sent. */
  readonly response: string;
  /** The subprotocol; empty without one. */
  readonly protocol: string;
  /** The compression of messages, when it was agreed on. */
  readonly deflate: PerMessageDeflate | undefined;
}

/** An opening handshake that is in order. */
export interface JudgedUpgrade {
  readonly accepted: AcceptedUpgrade;
  readonly deflate: PerMessageDeflate | undefined;
}

/**
 * Judges an opening handshake, as far as nobody has to be asked.
 *
 * @param host the server's name in the words of the client
 */
export function judgeUpgrade(
  head: RequestHead,
  { subprotocols, allowedOrigins }: UpgradeRules,
  perMessageDeflate: PerMessageDeflateSource,
  host: string | undefined = head.headers.get('Host'),
): JudgedUpgrade | { readonly refusal: Refusal } {
  const deflate = perMessageDeflate.begin();
  const accepted = evaluateUpgrade(head, {
    subprotocols: typeof subprotocols === 'function' ? undefined : subprotocols,
    acceptExtensions: (offers) => deflate.accept(offers),
    sha1Base64: nodePorts.sha1Base64,
  });
  if (!accepted.ok) return accepted;
  const origin = head.headers.get('Origin');
  if (typeof allowedOrigins !== 'function' && !isOriginAllowed(origin, host, allowedOrigins)) {
    return { refusal: originRefusal(origin, host) };
  }
  return { accepted, deflate: deflate.deflate };
}

/**
 * Completes an opening handshake that was judged well.
 *
 * @param serverField `Server`, where there is one to be sent
 * @throws UsageError for a subprotocol that was not offered, and for headers that cannot be sent
 */
export function completeUpgrade(
  { accepted, deflate }: JudgedUpgrade,
  serverField: HttpHeaders,
  { protocol = accepted.protocol, headers: extraHeaders }: UpgradeAcceptanceFields = {},
): Upgrade {
  if (protocol !== '' && !accepted.offeredSubprotocols.includes(protocol)) {
    throw new UsageError('protocol', 'of an answer to onUpgrade must be one that the client offers');
  }
  const headers = extraHeaders === undefined ? serverField : withServerField(extraHeaders, serverField);
  return { response: writeSwitchingProtocols({ ...accepted, protocol }, headers), protocol, deflate };
}

function withServerField(extraHeaders: HttpHeadersInit, serverField: HttpHeaders): HttpHeaders {
  const headers = HttpHeaders.from(extraHeaders);
  if (headers.has('Server')) return headers;
  for (const [name, value] of serverField) headers.append(name, value);
  return headers;
}
