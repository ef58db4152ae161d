import type { ProtocolPorts } from '../../protocol/ports.ts';
import type { MaskSource } from '../../protocol/websocket/frames/masking.ts';
import type { MemoryBudget } from '../../protocol/websocket/frames/message-assembler.ts';
import type { Traffic } from '../../protocol/websocket/traffic.ts';
import type { Clock } from '../../util/clock.ts';
import type { TimerWheel } from '../../util/timer-wheel.ts';
import type { ConnectionLimits } from '../connection-options.ts';
import type { WebSocketCloseInfo } from '../messages/messages.ts';

/** What a session reports to the public object it belongs to. */
export interface SessionOwner {
  onText(text: string, wireSize: number): void;
  onBinary(data: Buffer, wireSize: number): void;
  onFragment(isBinary: boolean, receivedBytes: number): void;
  onPing(payload: Buffer, wireSize: number): void;
  onPong(payload: Buffer, wireSize: number): void;
  /** A message was dropped, because the peer does not read fast enough. Nothing may be sent from in here. */
  onDropped(payloadSize: number): void;
  /** The connection is over; nothing follows. `unsentBytes` were accepted for sending and did not leave. */
  onSessionClosed(closeInfo: WebSocketCloseInfo, wireSize: number, unsentBytes: number): void;
}

/** What all sessions of one client or server have in common. */
export interface SessionContext {
  readonly role: 'client' | 'server';
  readonly ports: ProtocolPorts;
  /** Required of a client. */
  readonly masks?: MaskSource | undefined;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly limits: ConnectionLimits;
  readonly budget?: MemoryBudget | undefined;
  /** Where what goes through all of them is added up. */
  readonly traffic?: Traffic | undefined;
}
