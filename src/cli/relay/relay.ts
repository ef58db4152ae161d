import { PreparedMessage, prepareMessage, type ServerWebSocket, type WebSocketDataMessage } from '../../index.ts';
import { idOfSecret } from '../file-transfer/identity.ts';
import {
  decodeControl,
  encodeControl,
  isContent,
  isControl,
  RECEIVER_PROTOCOL,
  SENDER_PROTOCOL,
  transferOf,
} from '../file-transfer/wire.ts';

/** The role of a client, by the subprotocol it has asked for. */
type Role = 'sender' | 'receiver' | 'other';

export interface RelayEvents {
  /** Somebody who speaks our language is there. */
  onJoined(webSocket: ServerWebSocket, role: 'sender' | 'receiver'): void;
  /** A message of another program went to so many clients. */
  onRelayed(from: ServerWebSocket, bytes: number, recipients: number): void;
  /** A client took nothing for too long, and was dropped. */
  onDropped(webSocket: ServerWebSocket): void;
}

/** The ids one connection may speak under; a sender and a receiver of ours need one each. */
const MAX_IDS = 16;

/** Longest wait for a client that takes nothing, which holds all others up meanwhile. */
export const STALL_MS = 60_000;

/**
 * Sends every message to all other clients, no faster than the slowest of them takes it: meanwhile nothing more is
 * read from whoever sends. Senders and receivers of ours hear who is there, and what they say to each other in their
 * own language goes to nobody else. It is taken only under ids whose secret the connection knows: who has heard the id of
 * a transfer cannot go on with it.
 */
export class Relay {
  private readonly members = new Map<ServerWebSocket, Member>();
  private readonly events: RelayEvents;
  private readonly stallMs: number;

  constructor(events: RelayEvents, stallMs: number = STALL_MS) {
    this.events = events;
    this.stallMs = stallMs;
  }

  join(webSocket: ServerWebSocket, protocol: string): void {
    const role = protocol === SENDER_PROTOCOL ? 'sender' : protocol === RECEIVER_PROTOCOL ? 'receiver' : 'other';
    this.members.set(webSocket, new Member(webSocket, role, this.stallMs, () => this.events.onDropped(webSocket)));
    if (role !== 'other') this.events.onJoined(webSocket, role);
    this.tellWhoIsThere();
  }

  leave(webSocket: ServerWebSocket): void {
    if (this.members.delete(webSocket)) this.tellWhoIsThere();
  }

  relay(from: ServerWebSocket, message: WebSocketDataMessage): void {
    const sender = this.members.get(from);
    if (sender === undefined) return;
    const targets = this.targetsOf(sender, message);
    // A file is thousands of messages.
    if (!isOurs(message)) this.events.onRelayed(from, message.wireSize, targets.length);
    broadcast(sender, targets, message);
  }

  private targetsOf(sender: Member, message: WebSocketDataMessage): readonly Member[] {
    const others = [...this.members.values()].filter((member) => member !== sender);
    if (!isOurs(message)) return others;
    // It only looks like our language, and means something else to the programs that speak it.
    if (sender.role === 'other') return others.filter(({ role }) => role === 'other');
    if (!sender.maySay(message)) return [];
    const wanted = sender.role === 'sender' ? 'receiver' : 'sender';
    return others.filter(({ role }) => role === wanted);
  }

  private tellWhoIsThere(): void {
    const members = [...this.members.values()];
    const count = (wanted: Role): number => members.filter(({ role }) => role === wanted).length;
    const text = encodeControl({
      type: 'peers',
      senders: count('sender'),
      receivers: count('receiver'),
      others: count('other'),
    });
    for (const { webSocket, role } of members) if (role !== 'other') webSocket.sendText(text);
  }
}

function isOurs(message: WebSocketDataMessage): boolean {
  return message.binary ? isContent(message.data) : isControl(message.data);
}

/** Sends a message to several clients, and reads no more from `sender` until all of them have room again. */
function broadcast(sender: Member, targets: readonly Member[], message: WebSocketDataMessage): void {
  // Encoded, and compressed, once for all of them. For one, that would only be a copy.
  const shared = targets.length > 1 ? prepareMessage(message.data, message.binary) : message;
  const waits = targets.map((target) => target.take(shared)).filter((wait) => wait !== undefined);
  if (waits.length > 0) sender.pauseUntil(Promise.all(waits));
}

type Outgoing = WebSocketDataMessage | PreparedMessage;

/** A client of the relay. */
class Member {
  readonly webSocket: ServerWebSocket;
  readonly role: Role;
  private readonly stallMs: number;
  private readonly onDropped: () => void;
  /** Messages that did not fit: at the most one of each other client, since those are paused. */
  private readonly held: Outgoing[] = [];
  private catchingUp: Promise<void> | undefined;
  private pauses = 0;
  /** The ids that it may speak under. */
  private readonly ids = new Set<string>();

  constructor(webSocket: ServerWebSocket, role: Role, stallMs: number, onDropped: () => void) {
    this.webSocket = webSocket;
    this.role = role;
    this.stallMs = stallMs;
    this.onDropped = onDropped;
  }

  /**
   * Sends a message, now or when there is room.
   *
   * @returns settles when there is room again, `undefined` when there is
   */
  take(message: Outgoing): Promise<void> | undefined {
    if (this.catchingUp !== undefined || !this.trySend(message)) this.held.push(message);
    if (this.catchingUp === undefined && (this.held.length > 0 || !this.webSocket.canSendMore)) {
      this.catchingUp = this.catchUp().finally(() => {
        this.catchingUp = undefined;
      });
    }
    return this.catchingUp;
  }

  /** Tells whether a message in our language is its own to say; learns from a claim, which is for the relay alone. */
  maySay(message: WebSocketDataMessage): boolean {
    const { ids, role } = this;
    if (message.binary) return role === 'sender' && ids.has(transferOf(message.data));
    const control = decodeControl(message.data);
    // Only the relay says who is there.
    if (control === undefined || control.type === 'peers') return false;
    if (control.type === 'claim') {
      if (ids.size < MAX_IDS) ids.add(idOfSecret(control.secret));
      return false;
    }
    if (role === 'receiver') return 'receiver' in control && ids.has(control.receiver);
    return 'transfer' in control && ids.has(control.transfer);
  }

  pauseUntil(ready: Promise<unknown>): void {
    if (this.pauses++ === 0) this.webSocket.pause();
    void ready.then(() => {
      if (--this.pauses === 0) this.webSocket.resume();
    });
  }

  /** True when the message needs no more care: it was accepted, or the connection is over. */
  private trySend(message: Outgoing): boolean {
    const { webSocket } = this;
    const info =
      message instanceof PreparedMessage
        ? webSocket.sendPrepared(message)
        : webSocket.send(message.data, message.binary);
    return info.success || info.code !== 'bufferFull';
  }

  private async catchUp(): Promise<void> {
    const { webSocket, held } = this;
    const watch = this.watchForStall();
    try {
      do {
        // A message longer than the whole buffer is accepted when the buffer is empty.
        await webSocket.drain();
        while (held[0] !== undefined && this.trySend(held[0])) held.shift();
      } while (held.length > 0);
    } finally {
      clearInterval(watch);
    }
  }

  /** Drops the client when it takes nothing: everybody else waits for it. */
  private watchForStall(): NodeJS.Timeout {
    const { webSocket } = this;
    let before = webSocket.bufferedAmount();
    return setInterval(() => {
      const now = webSocket.bufferedAmount();
      if (now > 0 && now === before) {
        this.onDropped();
        webSocket.terminate();
      }
      before = now;
    }, this.stallMs);
  }
}
