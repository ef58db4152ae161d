import { checkSeconds } from '../connection/connection-options.ts';
import { WebSocketConnection } from '../connection/websocket-connection.ts';
import { UsageError } from '../errors.ts';
import type { HttpHeadersInit } from '../protocol/http1/headers.ts';
import {
  type PerMessageDeflateSettings,
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import { checkTLSOptions, type SocketTLSOptions } from '../transport/tls/tls-options.ts';
import {
  type ClientSettings,
  checkHeadersOption,
  checkOfferedSubprotocols,
  checkUrl,
  type ResolvedClientOptions,
  resolveClientOptions,
  type WebSocketOptions,
} from './client-options.ts';
import type { Provider } from './provider.ts';
import { checkWait } from './reconnection-options.ts';

/** The options of a client, and the seed library's setters for them. What is set applies to the next attempt. */
export abstract class ConfigurableClient extends WebSocketConnection {
  protected readonly options: ClientSettings;
  /** The options of the latest attempt. */
  protected attempted: ResolvedClientOptions | undefined;

  protected constructor(options: WebSocketOptions) {
    const resolved = resolveClientOptions(options);
    super(resolved.onCallbackError, resolved);
    this.options = resolved;
  }

  /** Sets the url, or several options at once. They take effect at the next attempt. */
  configure(urlOrOptions: string | WebSocketOptions): void {
    if (typeof urlOrOptions === 'string') this.setUrl(urlOrOptions);
    else {
      Object.assign(this.options, pickGiven(resolveClientOptions(urlOrOptions), urlOrOptions));
      if (urlOrOptions.pingIntervalSecs !== undefined) this.setPingInterval(urlOrOptions.pingIntervalSecs);
    }
    this.hub.onCallbackError = this.options.onCallbackError;
  }

  /** Sets the url for the next attempt. Whether it can be connected to is found out then. */
  setUrl(url: string | Provider<string>): void {
    this.options.url = checkUrl(url);
  }

  /** The url; where a function was given, what that returned for the latest attempt. */
  getUrl(): string {
    const { url } = this.options;
    return typeof url === 'function' ? (this.attempted?.url ?? '') : url;
  }

  /** Sets the headers that the next opening handshake carries in addition. */
  setExtraHeaders(headers: HttpHeadersInit | Provider<HttpHeadersInit>): void {
    this.options.extraHeaders = checkHeadersOption(headers);
  }

  /**
   * Offers one more subprotocol, behind those there are.
   *
   * @throws UsageError (`invalidOption`) when a function was given for them
   */
  addSubprotocol(subprotocol: string): void {
    const { subprotocols } = this.options;
    if (typeof subprotocols === 'function')
      throw new UsageError('subprotocol', 'cannot be added to those of a function');
    this.options.subprotocols = checkOfferedSubprotocols([...subprotocols, subprotocol]);
  }

  /** The subprotocols to offer; where a function was given, what that returned for the latest attempt. */
  getSubprotocols(): readonly string[] {
    const { subprotocols } = this.options;
    return typeof subprotocols === 'function' ? (this.attempted?.subprotocols ?? []) : subprotocols;
  }

  /** Sets the seconds that an attempt to connect may take. */
  setHandshakeTimeout(handshakeTimeoutSecs: number): void {
    this.options.handshakeTimeoutSecs = checkSeconds('handshakeTimeoutSecs', handshakeTimeoutSecs);
  }

  /** Sets how connections to `wss://` are secured. It applies to the next attempt. */
  setTLSOptions(tlsOptions: SocketTLSOptions): void {
    this.options.tlsOptions = checkTLSOptions(tlsOptions);
  }

  /** Sets how messages are compressed from the next connection on; what is not given is as it is by default. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    this.options.perMessageDeflate = resolvePerMessageDeflate('client', options);
  }

  getPerMessageDeflateOptions(): PerMessageDeflateSettings {
    return this.options.perMessageDeflate;
  }

  /** Offers compression from the next connection on, as it is by default. */
  enablePerMessageDeflate(): void {
    this.options.perMessageDeflate = { ...this.options.perMessageDeflate, enabled: true };
  }

  /** Offers no compression from the next connection on. */
  disablePerMessageDeflate(): void {
    this.options.perMessageDeflate = { ...this.options.perMessageDeflate, enabled: false };
  }

  enablePong(): void {
    this.setPong(true);
  }

  disablePong(): void {
    this.setPong(false);
  }

  enableAutomaticReconnection(): void {
    this.options.automaticReconnection = true;
  }

  disableAutomaticReconnection(): void {
    this.options.automaticReconnection = false;
  }

  isAutomaticReconnectionEnabled(): boolean {
    return this.options.automaticReconnection;
  }

  setMaxWaitBetweenReconnectionRetries(maxWaitMs: number): void {
    this.options.maxWaitBetweenReconnectionRetries = checkWait('maxWaitBetweenReconnectionRetries', maxWaitMs);
  }

  getMaxWaitBetweenReconnectionRetries(): number {
    return this.options.maxWaitBetweenReconnectionRetries;
  }

  setMinWaitBetweenReconnectionRetries(minWaitMs: number): void {
    this.options.minWaitBetweenReconnectionRetries = checkWait('minWaitBetweenReconnectionRetries', minWaitMs);
  }

  getMinWaitBetweenReconnectionRetries(): number {
    return this.options.minWaitBetweenReconnectionRetries;
  }

  private setPong(isEnabled: boolean): void {
    this.options.enablePong = isEnabled;
    if (this.session !== undefined) this.session.isPongEnabled = isEnabled;
  }
}

/** Of resolved options, those that were given. */
function pickGiven(resolved: ClientSettings, given: WebSocketOptions): Partial<ClientSettings> {
  const keys = new Set(Object.keys(given));
  return Object.fromEntries(Object.entries(resolved).filter(([key]) => keys.has(key)));
}
