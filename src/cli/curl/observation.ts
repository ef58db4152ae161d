import type {
  ConnectPhase,
  HttpRequestObserver,
  ObservedInterim,
  ObservedRequest,
  ObservedResponse,
  WebSocketHttpHeaders,
} from '../../index.ts';
import type { Environment } from '../terminal/environment.ts';

/** Moments of a transfer, in milliseconds since it began; 0 for what has not happened. */
export interface Moments {
  lookedUp: number;
  connected: number;
  secured: number;
  sent: number;
  answered: number;
  /** When the last redirect had come. */
  redirected: number;
}

/** The events of one transfer, for its figures and for those who want to hear of them. */
export class Observation implements HttpRequestObserver {
  readonly moments: Moments = { lookedUp: 0, connected: 0, secured: 0, sent: 0, answered: 0, redirected: 0 };
  /** The last ones. */
  request: ObservedRequest | undefined = undefined;
  response: ObservedResponse | undefined = undefined;
  redirects = 0;
  connections = 0;
  /** Bytes of all heads that were sent, and received. */
  requestBytes = 0;
  headerBytes = 0;
  private readonly environment: Environment;
  private readonly startMs: number;
  private readonly hear: Omit<HttpRequestObserver, 'onPhase'>;
  /** The last response leads elsewhere; it counts when the client goes there. */
  private isRedirected = false;

  constructor(environment: Environment, hear: Omit<HttpRequestObserver, 'onPhase'>) {
    this.environment = environment;
    this.startMs = environment.elapsedMs();
    this.hear = hear;
  }

  get elapsedMs(): number {
    return this.environment.elapsedMs() - this.startMs;
  }

  onPhase(phase: ConnectPhase): void {
    const { moments } = this;
    if (phase === 'connect') moments.lookedUp = this.elapsedMs;
    else if (phase === 'proxy' || phase === 'tls') moments.connected ||= this.elapsedMs;
  }

  onRequest(request: ObservedRequest): void {
    const { moments } = this;
    if (this.isRedirected) this.redirects++;
    this.isRedirected = false;
    this.request = request;
    this.requestBytes += request.headSize;
    moments.sent = this.elapsedMs;
    if (!request.isReused) {
      this.connections++;
      moments.connected ||= moments.sent;
      if (request.tls !== undefined) moments.secured = moments.sent;
    }
    this.hear.onRequest?.(request);
  }

  onResponse(response: ObservedResponse): void {
    const { moments } = this;
    this.response = response;
    this.headerBytes += headOf(response).length;
    moments.answered = this.elapsedMs;
    if (!response.isFinal && response.status < 400) {
      this.isRedirected = true;
      moments.redirected = moments.answered;
      moments.connected = 0;
    }
    this.hear.onResponse?.(response);
  }

  onInterim(response: ObservedInterim): void {
    this.headerBytes += headOf(response).length;
    this.hear.onInterim?.(response);
  }

  onTrailers(trailers: WebSocketHttpHeaders): void {
    this.headerBytes += fieldsOf(trailers).length;
    this.hear.onTrailers?.(trailers);
  }
}

/** The head of a response as it came, each character one octet. */
export function headOf(response: ObservedInterim): string {
  return `${statusLineOf(response)}\r\n${fieldsOf(response.headers)}\r\n`;
}

export function fieldsOf(headers: WebSocketHttpHeaders): string {
  return Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`).join('');
}

export function statusLineOf({ version, status, statusText }: ObservedInterim): string {
  return `HTTP/${version} ${status} ${statusText}`.trimEnd();
}
