import { type Refusal, writeRefusal } from '../../protocol/http1/head/refusal.ts';
import type { Transport, TransportHandler } from '../../transport/transport.ts';
import type { TimerWheel, WheelEntry } from '../../util/timer-wheel.ts';
import type { PendingConnection } from './pending-connections.ts';

/** The server, as a {@link RefusedConnection} sees it. */
export interface RefusedConnectionOwner {
  readonly wheel: TimerWheel;
  readonly options: { readonly serverHeader: string };
  /** The connection is gone. */
  onPendingClosed(connection: RefusedConnection): void;
}

/** The time a refused peer has to read the refusal and hang up. */
const LINGER_MS = 2000;

/** A connection that is answered with an error, and then has the time to read it: nothing else comes of it. */
export class RefusedConnection implements TransportHandler, WheelEntry, PendingConnection {
  wheelOwner: TimerWheel | undefined = undefined;
  wheelPrevious: WheelEntry | undefined = undefined;
  wheelNext: WheelEntry | undefined = undefined;
  wheelDueTick = 0;
  readonly remoteIp: string;
  private readonly owner: RefusedConnectionOwner;
  private readonly transport: Transport;

  constructor(owner: RefusedConnectionOwner, transport: Transport, remoteIp: string) {
    this.owner = owner;
    this.transport = transport;
    this.remoteIp = remoteIp;
  }

  /** Answers. `isHead` says that the request was HEAD, whose response has no body. */
  answer(refusal: Refusal, isHead: boolean): void {
    const { transport } = this;
    transport.start(this);
    if (!transport.isWritable) {
      transport.destroy();
      return;
    }
    transport.write(Buffer.from(writeRefusal(refusal, { server: this.owner.options.serverHeader, isHead }), 'latin1'));
    // Half-closed, and read until the peer hangs up: closing with unread bytes would reset the connection, and the
    // response could be lost on its way.
    transport.end();
    this.owner.wheel.schedule(this, LINGER_MS);
  }

  destroy(): void {
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onBytes(): void {}

  /** Part of {@link TransportHandler}. */
  onEnd(): void {
    this.transport.destroy();
  }

  /** Part of {@link TransportHandler}. */
  onDrain(): void {}

  /** Part of {@link TransportHandler}. */
  onClosed(): void {
    this.owner.wheel.cancel(this);
    this.owner.onPendingClosed(this);
  }

  /** Part of {@link WheelEntry}. */
  onTimeout(): void {
    this.transport.destroy();
  }
}
