import type { WebSocket, WebSocketErrorInfo, WebSocketMessage, WebSocketOpenInfo } from '../../index.ts';
import { connectFailure } from '../peers/create-client.ts';
import { CliError } from '../terminal/cli-errors.ts';
import { settleable } from '../terminal/settleable.ts';

export interface LinkEvents {
  onOpen(openInfo: WebSocketOpenInfo): void;
  onMessage(message: WebSocketMessage): void;
  onClose(code: number, reason: string): void;
}

/** Waits between attempts, for {@link Link}. */
export const linkReconnection = {
  automaticReconnection: true,
  minWaitBetweenReconnectionRetries: 100,
  maxWaitBetweenReconnectionRetries: 2000,
} as const;

/**
 * A connection that is made again when it is cut. The first attempt has to succeed; later the connection may be gone
 * for `retryMs` at a time.
 */
export class Link {
  readonly client: WebSocket;
  isOpen = false;
  private readonly command: string;
  private readonly retryMs: number;
  private readonly failure = settleable<CliError>();
  private readonly firstOpen = settleable<WebSocketOpenInfo>();
  private isResumable = false;
  private hasOpened = false;
  private isStopped = false;
  private deadline: NodeJS.Timeout | undefined;

  constructor(command: string, client: WebSocket, retryMs: number) {
    this.command = command;
    this.client = client;
    this.retryMs = retryMs;
  }

  /** Settles with why there is no connection and will be none. */
  get failed(): Promise<CliError> {
    return this.failure.promise;
  }

  /** Connects; `events` are called from then on. */
  async start(events: LinkEvents): Promise<WebSocketOpenInfo> {
    this.client.setOnMessageCallback((message) => this.onMessage(message, events));
    this.client.start();
    const outcome = await Promise.race([this.firstOpen.promise, this.failed]);
    if (outcome instanceof CliError) throw outcome;
    return outcome;
  }

  /** From now on a connection that is cut is made again, and does not end everything. */
  setResumable(isResumable: boolean): void {
    this.isResumable = isResumable;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.deadline);
    await this.client.stop();
  }

  private onMessage(message: WebSocketMessage, events: LinkEvents): void {
    switch (message.type) {
      case 'open':
        clearTimeout(this.deadline);
        this.isOpen = true;
        this.hasOpened = true;
        events.onOpen(message.openInfo);
        this.firstOpen.resolve(message.openInfo);
        break;
      case 'close':
        this.isOpen = false;
        if (!this.isStopped) this.onClose(message.closeInfo.code, message.closeInfo.reason);
        events.onClose(message.closeInfo.code, message.closeInfo.reason);
        break;
      case 'error':
        this.onError(message.errorInfo);
        break;
      default:
        events.onMessage(message);
        break;
    }
  }

  private onClose(code: number, reason: string): void {
    const why = `the connection was closed (code ${code}${reason === '' ? '' : `, ${reason}`})`;
    // A message that was too long once will be again.
    if (!this.isResumable || code === 1009) {
      this.fail(new CliError(this.command, why, code === 1009 ? TOO_LONG : undefined));
      return;
    }
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      this.fail(new CliError(this.command, `${why} and could not be made again in ${this.retryMs / 1000} s`));
    }, this.retryMs);
  }

  private onError(errorInfo: WebSocketErrorInfo): void {
    if (!this.hasOpened || !errorInfo.retryable) this.fail(connectFailure(this.command, errorInfo));
  }

  private fail(error: CliError): void {
    this.failure.resolve(error);
    void this.client.stop();
  }
}

const TOO_LONG = 'A message was longer than the other side takes; its --max-message-size may say so.';
