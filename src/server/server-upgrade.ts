import { nodePorts } from '../platform/node-ports.ts';
import { userAgent } from '../platform/user-agent.ts';
import { HttpHeaders } from '../protocol/http1/headers.ts';
import type { Refusal } from '../protocol/http1/refusal.ts';
import type { RequestHead } from '../protocol/http1/request-head.ts';
import {
  evaluateUpgrade,
  type SubprotocolChooser,
  writeSwitchingProtocols,
} from '../protocol/websocket/handshake-server.ts';
import { isOriginAllowed, type OriginPolicy, originRefusal } from '../protocol/websocket/origin-policy.ts';
import type { PerMessageDeflate } from '../protocol/websocket/per-message-deflate.ts';
import type { PerMessageDeflateSource } from '../protocol/websocket/per-message-deflate-source.ts';

/** What an opening handshake is judged by. */
export interface UpgradeRules {
  readonly subprotocols: readonly string[] | SubprotocolChooser | undefined;
  readonly allowedOrigins: OriginPolicy;
}

/** An opening handshake that can be completed. */
export interface Upgrade {
  /** What is to be sent. */
  readonly response: string;
  /** The subprotocol; empty without one. */
  readonly protocol: string;
  /** What messages are compressed with, when that was agreed on. */
  readonly deflate: PerMessageDeflate | undefined;
}

const extraHeaders: HttpHeaders = HttpHeaders.from({ Server: userAgent });

/** Judges an opening handshake. Throws what functions of the user throw. */
export function judgeUpgrade(
  head: RequestHead,
  { subprotocols, allowedOrigins }: UpgradeRules,
  perMessageDeflate: PerMessageDeflateSource,
): Upgrade | { readonly refusal: Refusal } {
  const deflate = perMessageDeflate.begin();
  const result = evaluateUpgrade(head, {
    subprotocols,
    acceptExtensions: (offers) => deflate.accept(offers),
    sha1Base64: nodePorts.sha1Base64,
  });
  if (!result.ok) return result;
  const origin = head.headers.get('Origin');
  const host = head.headers.get('Host');
  if (!isOriginAllowed(origin, host, allowedOrigins, head)) return { refusal: originRefusal(origin, host) };
  const response = writeSwitchingProtocols(result, extraHeaders);
  return { response, protocol: result.protocol, deflate: deflate.deflate };
}
