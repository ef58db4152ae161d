import {
  type ListenError,
  type OnFrame,
  type OnMessageCallback,
  type SendData,
  type ServerWebSocket,
  UsageError,
  type WebSocketMessage,
  type WebSocketSendInfo,
  WebSocketServer,
} from '../../index.ts';
import type { Link } from '../conversation/link.ts';
import type { ServerOptions } from '../peers/serve.ts';
import { tlsHintFor } from '../peers/tls-plan.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';

/** The server's side of a conversation. One client is served at a time, and others are turned away. */
export class ListenLink implements Link {
  private readonly server: WebSocketServer;
  private callback: OnMessageCallback | undefined;
  private client: ServerWebSocket | undefined;
  private frameCallback: OnFrame | undefined;
  private isStopped = true;
  private onGone: (() => void) | undefined;

  private constructor(server: WebSocketServer) {
    this.server = server;
    server.setOnConnectionCallback((webSocket) => this.onConnection(webSocket));
  }

  /** Begins to listen; throws {@link CliError} when that is not possible. */
  static async listen(command: string, options: ServerOptions): Promise<ListenLink> {
    const link = new ListenLink(createServer(command, options));
    const result = await link.server.listenAndStart();
    if (result.ok) return link;
    throw new CliError(command, result.error.message, hintFor(result.error), { cause: result.error });
  }

  get port(): number {
    return this.server.getPort();
  }

  get canSendMore(): boolean {
    return this.client?.canSendMore ?? false;
  }

  get roundTripTimeMs(): number | undefined {
    return this.client?.roundTripTimeMs;
  }

  setOnMessageCallback(callback: OnMessageCallback): void {
    this.callback = callback;
  }

  onFrame(callback: OnFrame): void {
    this.frameCallback = callback;
  }

  start(): void {
    this.isStopped = false;
  }

  async stop(code: number = 1000, reason: string = 'Normal closure'): Promise<{ readonly unsentBytes: number }> {
    this.isStopped = true;
    const { client } = this;
    if (client === undefined) return { unsentBytes: 0 };
    const gone = new Promise<void>((resolve) => {
      this.onGone = resolve;
    });
    client.close(code, reason);
    await client.drain();
    const unsentBytes = client.bufferedAmount();
    await gone;
    return { unsentBytes };
  }

  /** Stops listening as well; there is no way back. */
  async end(): Promise<void> {
    await this.server.stop();
  }

  close(code?: number, reason?: string): void {
    this.client?.close(code, reason);
  }

  terminate(): void {
    this.client?.terminate();
  }

  ping(data: string): WebSocketSendInfo {
    return this.client?.ping(data) ?? CLOSED;
  }

  sendText(data: SendData): WebSocketSendInfo {
    return this.client?.sendText(data) ?? CLOSED;
  }

  sendBinary(data: SendData): WebSocketSendInfo {
    return this.client?.sendBinary(data) ?? CLOSED;
  }

  async drain(): Promise<void> {
    await this.client?.drain();
  }

  pause(): void {
    this.client?.pause();
  }

  resume(): void {
    this.client?.resume();
  }

  bufferedAmount(): number {
    return this.client?.bufferedAmount() ?? 0;
  }

  private onConnection(webSocket: ServerWebSocket): void {
    if (this.client !== undefined || this.isStopped) {
      webSocket.on('open', () => webSocket.close(1013, 'Talking to somebody else'));
      return;
    }
    this.client = webSocket;
    webSocket.onFrame(this.frameCallback);
    webSocket.setOnMessageCallback((message) => this.onMessage(message));
  }

  private onMessage(message: WebSocketMessage): unknown {
    if (message.type === 'close') {
      this.client = undefined;
      this.onGone?.();
    }
    return this.callback?.(message);
  }
}

const CLOSED: WebSocketSendInfo = Object.freeze({
  success: false,
  code: 'closed',
  payloadSize: 0,
  wireSize: 0,
  compressionError: false,
});

function createServer(command: string, options: ServerOptions): WebSocketServer {
  try {
    return new WebSocketServer(options);
  } catch (error) {
    if (error instanceof UsageError) throw new WrongUsage(command, error.message, undefined, { cause: error });
    throw error;
  }
}

function hintFor({ code }: ListenError): string | undefined {
  switch (code) {
    case 'addressInUse':
      return 'Choose another port with --listen; 0 is any free one.';
    case 'addressNotAvailable':
    case 'invalidHost':
      return 'Give --listen an address of this machine, such as 127.0.0.1:8008 or [::1]:8008.';
    default:
      return tlsHintFor(code);
  }
}
