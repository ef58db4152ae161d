import { resolveProxy } from '../../dial/connect.ts';
import { withoutIdentity } from '../../dial/location.ts';
import type { ProxyServer } from '../../dial/proxy-server.ts';
import { type HttpUrl, isUnixProtocol, parseHttpUrl, type UrlResult, usesTls } from '../../dial/url.ts';
import type { SocketTLSOptions } from '../../transport/tls/tls-options.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import type { PoolTarget } from './pool-place.ts';

/** URLs that are remembered, since most are asked for again. */
const MOST_URLS = 256;
/** Longer ones are not kept in memory. */
const LONGEST_URL = 2048;

/** A URL that was asked for, and which connections it uses. */
export interface KnownUrl {
  readonly parsed: UrlResult<HttpUrl>;
  target: PoolTarget | undefined;
  /** The head of a GET with nothing special about it. */
  getHead: Buffer | undefined;
}

interface UrlOptions {
  readonly tlsOptions: SocketTLSOptions | undefined;
  readonly proxy: ProxyServer | 'env' | undefined;
  readonly pathAsIs: boolean;
}

/** Finds out for one client which connections a URL asks for. */
export class KnownUrls {
  private readonly tlsOptions: SocketTLSOptions | undefined;
  private readonly proxy: ProxyServer | 'env' | undefined;
  private readonly pathAsIs: boolean;
  private readonly urls = new Map<string, KnownUrl>();

  constructor({ tlsOptions, proxy, pathAsIs }: UrlOptions) {
    this.tlsOptions = tlsOptions;
    this.proxy = proxy;
    this.pathAsIs = pathAsIs;
  }

  parse(text: string): KnownUrl {
    const found = this.urls.get(text);
    if (found !== undefined) return found;
    const known: KnownUrl = { parsed: parseHttpUrl(text, this.pathAsIs), target: undefined, getHead: undefined };
    if (!known.parsed.ok || text.length > LONGEST_URL) return known;
    if (this.urls.size >= MOST_URLS) this.urls.clear();
    this.urls.set(text, known);
    return known;
  }

  /**
   * Finds the connections that a request may use.
   *
   * @param known what the caller asked for
   * @throws ConnectError when the environment names a proxy that is none
   */
  connectionsFor({ url, isForeign }: RequestTarget, known: KnownUrl | undefined): PoolTarget {
    const isKnown = known?.parsed.ok === true && known.parsed.url === url;
    // The environment may change.
    if (!isKnown || this.proxy === 'env') return this.make(url, isForeign);
    known.target ??= this.make(url, false);
    return known.target;
  }

  private make(url: HttpUrl, isForeign: boolean): PoolTarget {
    const proxy = resolveProxy(url, { proxy: this.proxy });
    const isHttpProxy = proxy?.protocol === 'http' || proxy?.protocol === 'https';
    // A plain request is one that the proxy may pass on, and CONNECT is often allowed for port 443 only.
    const isForward = isHttpProxy && !usesTls(url.protocol) && !isUnixProtocol(url.protocol);
    const { tlsOptions } = this;
    return {
      key: [isForward ? 'proxy' : originOf(url), keyOf(proxy), isForeign ? 'foreign' : ''].join(' '),
      url,
      proxy,
      isForward,
      tlsOptions: isForeign ? tlsOptions && withoutIdentity(tlsOptions) : tlsOptions,
    };
  }
}

function originOf({ protocol, host, port, socketPath }: HttpUrl): string {
  return `${protocol} ${socketPath ?? `${host} ${port}`}`;
}

function keyOf(proxy: ProxyServer | undefined): string {
  if (proxy === undefined) return '';
  const credentials = proxy.credentials();
  return credentials === undefined ? proxy.href : `${proxy.href} ${JSON.stringify(credentials)}`;
}
