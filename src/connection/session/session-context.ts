import type { ProtocolPorts } from '../../protocol/ports.ts';
import type { MaskSource } from '../../protocol/websocket/frames/masking.ts';
import type { MemoryBudget } from '../../protocol/websocket/frames/message-assembler.ts';
import type { Traffic } from '../../protocol/websocket/traffic.ts';
import type { Clock } from '../../util/clock.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import type { ConnectionLimits } from '../connection-options.ts';
import type { WebSocketCloseInfo } from '../messages/messages.ts';

/** The end of a session, as it is told to its owner. */
export interface SessionOutcome {
  readonly closeInfo: WebSocketCloseInfo;
  /** Bytes of the peer's close frame on the wire; 0 without one. */
  readonly wireSize: number;
  /** Bytes that were accepted for sending and did not leave. */
  readonly unsentBytes: number;
  /** True when the peer has answered our close frame, so that it has read everything that was sent before. */
  readonly isAcknowledged: boolean;
}

/** The connection that a session belongs to, and reports to. */
export interface SessionOwner {
  onText(text: string, wireSize: number): void;
  onBinary(data: Buffer, wireSize: number): void;
  onFragment(isBinary: boolean, receivedBytes: number): void;
  onPing(payload: Buffer, wireSize: number): void;
  onPong(payload: Buffer, wireSize: number): void;
  /** A message was dropped, because the peer does not read fast enough. Nothing may be sent from in here. */
  onDropped(payloadSize: number): void;
  /** The connection is over; nothing follows. */
  onSessionClosed(outcome: SessionOutcome): void;
}

/** An account of the bytes that wait to be sent on all connections of a server. It may end connections. */
export interface SendAccount {
  /** More bytes wait than before, or less. */
  move(bytes: number): void;
}

/** The things that all sessions of one client or server have in common. */
export interface SessionContext {
  readonly role: 'client' | 'server';
  readonly ports: ProtocolPorts;
  /** Required of a client. */
  readonly masks?: MaskSource | undefined;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly limits: ConnectionLimits;
  readonly budget?: MemoryBudget | undefined;
  readonly sendAccount?: SendAccount | undefined;
  /** The counters of what goes through all of them. */
  readonly traffic?: Traffic | undefined;
}
