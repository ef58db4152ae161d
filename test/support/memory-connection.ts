import { setImmediate as nextTurn } from 'node:timers/promises';
import { ConnectionCore, type ConnectionOwner } from '../../src/connection/connection-core.ts';
import { type ConnectionOptions, connectionLines } from '../../src/connection/connection-options.ts';
import type { WebSocketCloseInfo } from '../../src/connection/messages/messages.ts';
import { Session } from '../../src/connection/session/session.ts';
import type { SessionOutcome } from '../../src/connection/session/session-context.ts';
import { WebSocketConnection } from '../../src/connection/websocket-connection.ts';
import { reportCallbackError } from '../../src/platform/callback-errors.ts';
import { nodePorts } from '../../src/platform/node-ports.ts';
import type { PerMessageDeflate } from '../../src/protocol/websocket/deflate/per-message-deflate.ts';
import { optionTable, resolveOptions } from '../../src/util/option-table.ts';
import { TimerWheel } from '../../src/util/timer-wheel.ts';
import { FakeClock } from './fake-clock.ts';
import { type ReadFrame, readFrames } from './frames.ts';
import { createMemoryPair, type MemoryTransport } from './memory-transport.ts';

const serverConnection = optionTable('a connection', connectionLines('server'));

/** A server's end of a connection over memory, where time passes only when told to. */
export class MemoryConnection extends WebSocketConnection {
  readonly clock: FakeClock = new FakeClock();
  readonly peer: MemoryTransport;
  closeInfo: WebSocketCloseInfo | undefined;
  unsentBytes = 0;
  readonly #core: ConnectionCore;
  readonly #received: Buffer[] = [];
  #hasPeerEnded = false;

  constructor(options: ConnectionOptions = {}, deflate?: PerMessageDeflate) {
    const resolved = resolveOptions(serverConnection, options);
    const owner: ConnectionOwner = {
      onCallbackError: (error) => reportCallbackError(options.onCallbackError, error),
      pingOptions: resolved,
      hasServerCallback: false,
      callServer: () => undefined,
      onDropped: () => undefined,
      onClosed: (outcome) => this.#onClosed(outcome),
    };
    const core = new ConnectionCore(owner);
    super(core);
    this.#core = core;
    const [ours, peer] = createMemoryPair();
    this.peer = peer;
    const wheel = new TimerWheel(this.clock);
    const context = {
      role: 'server' as const,
      ports: nodePorts,
      clock: this.clock,
      wheel,
      limits: resolved,
    };
    const session = new Session(context, ours, core, true, deflate);
    core.attach(session);
    session.start();
    peer.start({
      onBytes: (buffer, start, end) => void this.#received.push(Buffer.from(buffer.subarray(start, end))),
      onEnd: () => {
        this.#hasPeerEnded = true;
        peer.end();
      },
      onDrain: () => undefined,
      onClosed: () => undefined,
    });
  }

  /** What the peer has read. */
  get frames(): ReadFrame[] {
    return readFrames(Buffer.concat(this.#received));
  }

  /** The texts that the peer has read. */
  get texts(): string[] {
    return this.frames.filter(({ first }) => (first & 15) === 1).map(({ payload }) => payload.toString('utf8'));
  }

  get hasPeerEnded(): boolean {
    return this.#hasPeerEnded;
  }

  /** The peer stops reading, and what is on its way fills the system's buffers. */
  async stall(filler = 'filler'): Promise<void> {
    this.peer.pause();
    this.send(filler);
    await nextTurn();
  }

  /** The peer reads everything. */
  async read(): Promise<void> {
    this.peer.resume();
    await nextTurn();
    await nextTurn();
  }

  #onClosed({ closeInfo, wireSize, unsentBytes }: SessionOutcome): void {
    this.closeInfo = closeInfo;
    this.unsentBytes = unsentBytes;
    this.#core.hub.deliver({ type: 'close', closeInfo, wireSize });
    this.#core.hub.end(true);
  }
}
