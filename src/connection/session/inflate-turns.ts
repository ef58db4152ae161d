import { afterNextPoll, turnNumber } from '../../platform/turn.ts';
import type { Traffic } from '../../protocol/websocket/traffic.ts';
import type { Transport } from '../../transport/transport.ts';

/** A session whose messages take long to inflate. */
export interface InflateTurnsHost {
  readonly transport: Transport;
  readonly context: { readonly traffic?: Traffic | undefined };
  /** All others had their turn. */
  takeTurn(): void;
}

/** The turns of the event loop in which one session may inflate, made for the first message that takes long. */
export class InflateTurns {
  /** True while others have their turn. */
  isWaiting = false;
  private lastTurn = -1;
  private readonly host: InflateTurnsHost;

  constructor(host: InflateTurnsHost) {
    this.host = host;
  }

  /** Tells whether inflating may go on, since others had their turn anyway; otherwise it waits for that. */
  mayGoOn(): boolean {
    if (this.isWaiting) return false;
    const turn = turnNumber();
    if (turn !== this.lastTurn) {
      this.lastTurn = turn;
      return true;
    }
    this.wait();
    return false;
  }

  /** Reads nothing until every socket was looked at. */
  wait(): void {
    if (this.isWaiting) return;
    const { transport, context } = this.host;
    this.isWaiting = true;
    if (context.traffic !== undefined) context.traffic.inflateWaits++;
    transport.pause();
    afterNextPoll(takeTurn, this);
  }

  /** @internal The end of a wait. */
  take(): void {
    this.isWaiting = false;
    this.lastTurn = turnNumber();
    this.host.takeTurn();
  }
}

function takeTurn(turns: InflateTurns): void {
  turns.take();
}
