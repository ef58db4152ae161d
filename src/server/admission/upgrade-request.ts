import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { HttpHeaders, HttpHeadersInit } from '../../protocol/http1/headers.ts';
import { parseOfferedSubprotocols } from '../../protocol/websocket/handshake/subprotocols.ts';
import { describeTls, type TLSConnectionInfo } from '../../transport/tls/tls-info.ts';
import { inspection, oneLine, showBy, withoutSecrets } from '../../util/inspection.ts';
import type { Client } from './client-identity.ts';

/** The part of an acceptance that the client is told. */
export interface UpgradeAcceptanceFields {
  /**
   * The subprotocol, one of those that the client offers; empty for none.
   * @default what the option `subprotocols` picks
   */
  readonly protocol?: string | undefined;
  /** More fields for the response, such as cookies. Those of the handshake itself cannot be among them. */
  readonly headers?: HttpHeadersInit | undefined;
}

/**
 * Accepts a client. `data`, such as who was logged in, is what `webSocket.data` will be and what the factory of the
 * connection state gets. When one acceptance has it, all must: the type of `webSocket.data` would not be true.
 */
export type UpgradeAcceptance<D> = UpgradeAcceptanceFields &
  (undefined extends D ? { readonly data?: D } : { readonly data: D });

/** Refuses a client. */
export interface UpgradeRefusal {
  /** The HTTP status of the response, 300 to 599. */
  readonly status: number;
  /** One sentence for people, which is the body unless there is another. */
  readonly reason?: string | undefined;
  /** More fields for the response, `Content-Type` of the body among them. */
  readonly headers?: HttpHeadersInit | undefined;
  readonly body?: string | undefined;
}

/**
 * The decision about an opening handshake: nothing or `true` accepts, `false` refuses with 403, and there are an
 * {@link UpgradeAcceptance} and an {@link UpgradeRefusal}. Anything else is an error, and refuses with 500.
 */
export type UpgradeAnswer<D> =
  | UpgradeAcceptance<D>
  | UpgradeRefusal
  | false
  // With void, a function that returns nothing accepts.
  | (undefined extends NoInfer<D> ? true | undefined | void : never);

/** Picks one of the offered subprotocols, or `undefined` for none. It may be async. */
export type SubprotocolChooser = (
  offered: readonly string[],
  head: RequestHead,
) => string | undefined | PromiseLike<string | undefined>;

/**
 * Decides about an opening handshake. It is asked when the request is in order and within the limits, and it may be
 * async: what the client sends meanwhile is kept. When it throws or rejects, the client gets 500 and `onCallbackError`
 * the error; when it has not answered within `upgradeTimeoutSecs`, the client gets 503.
 *
 * @example
 * const server = new WebSocketServer({
 *   onUpgrade: async (request) => {
 *     const user = await findUser(request.headers.get('Authorization'), request.signal);
 *     return user === undefined ? { status: 401 } : { data: user };
 *   },
 * });
 */
export type UpgradeCallback<D> = (request: UpgradeRequest) => UpgradeAnswer<D> | PromiseLike<UpgradeAnswer<D>>;

/** @internal */
export let createUpgradeRequest: (
  head: RequestHead,
  client: Client,
  tls: TLSConnectionInfo | undefined,
  signal: AbortSignal,
) => UpgradeRequest;

/** An opening handshake, as `onUpgrade` sees it. */
export class UpgradeRequest {
  /** Path and query as they were sent. */
  readonly uri: string;
  readonly headers: HttpHeaders;
  /** The address of the client, behind proxies when those are trusted; empty on a unix socket. */
  readonly remoteIp: string;
  /** The port of the client; 0 where it is not known. */
  readonly remotePort: number;
  /** The name and port that the client asked for, as in `Host`; that of a trusted proxy's `X-Forwarded-Host`. */
  readonly host: string;
  /** The outcome of the TLS handshake, the client's certificate included; `undefined` without TLS. */
  readonly tls: TLSConnectionInfo | undefined;
  /** Aborted when the client leaves, and when the time for an answer is over. */
  readonly signal: AbortSignal;

  static {
    createUpgradeRequest = (head, client, tls, signal) => new UpgradeRequest(head, client, tls, signal);
    showBy(
      UpgradeRequest.prototype,
      inspection(({ uri, headers, remoteIp, remotePort, host, tls }: UpgradeRequest) => {
        return { uri: oneLine(withoutSecrets(uri)), headers, remoteIp, remotePort, host, tls: describeTls(tls) };
      }),
    );
  }

  private constructor(head: RequestHead, client: Client, tls: TLSConnectionInfo | undefined, signal: AbortSignal) {
    this.uri = head.target;
    this.headers = head.headers;
    this.remoteIp = client.remoteIp;
    this.remotePort = client.remotePort;
    this.host = client.host;
    this.tls = tls;
    this.signal = signal;
  }

  /** The path of {@link uri}, still encoded. */
  get path(): string {
    return pathOf(this.uri);
  }

  /** The query of {@link uri}, decoded; parsed anew each time. */
  get query(): URLSearchParams {
    const at = this.uri.indexOf('?');
    return new URLSearchParams(at < 0 ? '' : this.uri.slice(at));
  }

  /** The page that the request comes from, when it comes from a browser. */
  get origin(): string | undefined {
    return this.headers.get('Origin');
  }

  /** The subprotocols that the client offers, most wanted first. */
  get subprotocols(): readonly string[] {
    const header = this.headers.get('Sec-WebSocket-Protocol');
    return (header === undefined ? undefined : parseOfferedSubprotocols(header)) ?? [];
  }
}

/** The path of a request target, origin-form or absolute-form (RFC 9112 3.2). */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  const text = query < 0 ? target : target.slice(0, query);
  if (text.startsWith('/')) return text;
  const slash = text.indexOf('/', text.indexOf('://') + 3);
  return slash < 0 ? '/' : text.slice(slash);
}
