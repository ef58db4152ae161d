import { WebSocketConnection } from '../connection/websocket-connection.ts';
import { UsageError } from '../errors.ts';
import type { HttpHeadersInit } from '../protocol/http1/headers.ts';
import type {
  PerMessageDeflateSettings,
  WebSocketPerMessageDeflateOptions,
} from '../protocol/websocket/deflate/per-message-deflate-options.ts';
import type { SocketTLSOptions } from '../transport/tls/tls-options.ts';
import { checkOption } from '../util/option-table.ts';
import {
  type ClientSettings,
  checkClientOptions,
  checkOfferedSubprotocols,
  clientOptions,
  type ResolvedClientOptions,
  resolveClientOptions,
  type WebSocketOptions,
} from './client-options.ts';
import type { Provider } from './provider.ts';

/** The options of a client, and IXWebSocket's setters for them. What is set applies to the next attempt. */
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
      Object.assign(this.options, checkClientOptions(urlOrOptions));
      if (urlOrOptions.pingIntervalSecs !== undefined) this.setPingInterval(urlOrOptions.pingIntervalSecs);
    }
    this.hub.onCallbackError = this.options.onCallbackError;
  }

  /** Sets the url for the next attempt. Whether it can be connected to is found out then. */
  setUrl(url: string | Provider<string>): void {
    this.options.url = checkOption(clientOptions, 'url', url);
  }

  /** The url; where a function was given, what that returned for the latest attempt. */
  getUrl(): string {
    const { url } = this.options;
    return typeof url === 'function' ? (this.attempted?.url ?? '') : url;
  }

  /** Sets the headers that the next opening handshake carries in addition. */
  setExtraHeaders(headers: HttpHeadersInit | Provider<HttpHeadersInit>): void {
    this.options.extraHeaders = checkOption(clientOptions, 'extraHeaders', headers);
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
    this.options.subprotocols = checkOfferedSubprotocols('subprotocols', [...subprotocols, subprotocol]);
  }

  /** The subprotocols to offer; where a function was given, what that returned for the latest attempt. */
  getSubprotocols(): readonly string[] {
    const { subprotocols } = this.options;
    return typeof subprotocols === 'function' ? (this.attempted?.subprotocols ?? []) : subprotocols;
  }

  /** Sets the seconds that an attempt to connect may take. */
  setHandshakeTimeout(handshakeTimeoutSecs: number): void {
    this.options.handshakeTimeoutSecs = checkOption(clientOptions, 'handshakeTimeoutSecs', handshakeTimeoutSecs);
  }

  /** Sets how connections to `wss://` are secured. It applies to the next attempt. */
  setTLSOptions(tlsOptions: SocketTLSOptions): void {
    this.options.tlsOptions = checkOption(clientOptions, 'tlsOptions', tlsOptions);
  }

  /** Sets how messages are compressed from the next connection on; what is not given is as it is by default. */
  setPerMessageDeflateOptions(options: WebSocketPerMessageDeflateOptions): void {
    this.options.perMessageDeflate = checkOption(clientOptions, 'perMessageDeflate', options);
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
    this.options.maxWaitBetweenReconnectionRetries = checkOption(
      clientOptions,
      'maxWaitBetweenReconnectionRetries',
      maxWaitMs,
    );
  }

  getMaxWaitBetweenReconnectionRetries(): number {
    return this.options.maxWaitBetweenReconnectionRetries;
  }

  setMinWaitBetweenReconnectionRetries(minWaitMs: number): void {
    this.options.minWaitBetweenReconnectionRetries = checkOption(
      clientOptions,
      'minWaitBetweenReconnectionRetries',
      minWaitMs,
    );
  }

  getMinWaitBetweenReconnectionRetries(): number {
    return this.options.minWaitBetweenReconnectionRetries;
  }

  private setPong(isEnabled: boolean): void {
    this.options.enablePong = isEnabled;
    if (this.session !== undefined) this.session.isPongEnabled = isEnabled;
  }
}
