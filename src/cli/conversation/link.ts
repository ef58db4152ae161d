import type { OnFrame, OnMessageCallback, SendData, WebSocketSendInfo } from '../../index.ts';

/** A connection to talk over, whoever began it: a client, or a server with one client at a time. */
export interface Link {
  readonly canSendMore: boolean;
  readonly roundTripTimeMs: number | undefined;
  setOnMessageCallback(callback: OnMessageCallback): void;
  /** Shows every frame, on all connections. */
  onFrame(callback: OnFrame): void;
  /** Connects, or lets somebody connect, until it is stopped. */
  start(): void;
  stop(code?: number, reason?: string): Promise<{ readonly unsentBytes: number }>;
  /** Closes behind everything that was sent; throws for what cannot be sent. */
  close(code?: number, reason?: string): void;
  terminate(): void;
  ping(data: string): WebSocketSendInfo;
  sendText(data: SendData): WebSocketSendInfo;
  sendBinary(data: SendData): WebSocketSendInfo;
  drain(): Promise<void>;
  pause(): void;
  resume(): void;
  bufferedAmount(): number;
}
