import type { ControlMessage } from '../file-transfer/wire.ts';

/** The state of a receiver with the file that is being sent. */
export type ReceiverStage = 'asked' | 'has' | 'ready' | 'stored' | 'failed';

/** One of those that get the files. */
export interface Receiver {
  readonly id: string;
  stage: ReceiverStage;
  /** The bytes of the file that it says it has; once it is ready, those that it need not be sent. */
  offset: number;
  /** When it was last told the hash of so many bytes of the file. */
  prefixMs: number;
  /** SHA-256 of what it has stored; of a folder, nothing. */
  stored: string;
  /** The bytes that it has acknowledged. */
  acked: number;
  lastHeardMs: number;
  /** Why it gets nothing more; empty while it does. */
  gone: string;
  /** Files that it could not store. */
  readonly failures: string[];
}

/** No transfer goes to more, whoever claims to be one. */
const MAX_RECEIVERS = 1000;

/** All receivers of a transfer, and what they say. */
export class Receivers {
  private readonly all = new Map<string, Receiver>();
  private readonly refusals = new Map<string, string>();

  /** Those who still take part. */
  get active(): readonly Receiver[] {
    return [...this.all.values()].filter(({ gone }) => gone === '');
  }

  get everybody(): readonly Receiver[] {
    return [...this.all.values()];
  }

  get refused(): readonly string[] {
    return [...this.refusals.values()];
  }

  /** The number that have answered an offer. */
  get answers(): number {
    return this.all.size + this.refusals.size;
  }

  find(id: string): Receiver | undefined {
    return this.all.get(id);
  }

  accept(id: string, nowMs: number): void {
    if (this.all.has(id) || this.answers >= MAX_RECEIVERS) return;
    this.refusals.delete(id);
    this.all.set(id, {
      id,
      stage: 'asked',
      offset: 0,
      prefixMs: Number.NEGATIVE_INFINITY,
      stored: '',
      acked: 0,
      lastHeardMs: nowMs,
      gone: '',
      failures: [],
    });
  }

  refuse(id: string, reason: string): void {
    const receiver = this.all.get(id);
    if (receiver !== undefined) receiver.gone ||= reason;
    else if (this.answers < MAX_RECEIVERS) this.refusals.set(id, reason);
  }

  /** A file is offered anew: everybody is asked again where it is. */
  ask(): void {
    for (const receiver of this.active) {
      receiver.stage = 'asked';
      receiver.acked = 0;
      receiver.prefixMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** Compares the files that were stored with the one that was sent. */
  verify(name: string, sha256: string): void {
    for (const receiver of this.active) {
      if (receiver.stage !== 'stored' || receiver.stored === sha256) continue;
      receiver.stage = 'failed';
      receiver.failures.push(`${name}: it has stored something else (SHA-256 ${receiver.stored || 'missing'})`);
    }
  }

  /** Gives up those that were silent for too long. */
  dropSilent(nowMs: number, silenceMs: number): void {
    for (const receiver of this.active) {
      if (nowMs - receiver.lastHeardMs > silenceMs) receiver.gone = `it was silent for ${silenceMs / 1000} seconds`;
    }
  }

  /** Nobody could say anything in the meantime. */
  forgive(nowMs: number): void {
    for (const receiver of this.active) receiver.lastHeardMs = nowMs;
  }

  /**
   * Takes what a receiver says about the file of `round`.
   *
   * @returns whether it has missed something, so that the file has to be offered again
   */
  hear(message: ControlMessage, round: number, name: string, size: number, nowMs: number): boolean {
    if (!('receiver' in message)) return false;
    const receiver = this.all.get(message.receiver);
    if (receiver === undefined || receiver.gone !== '') return false;
    receiver.lastHeardMs = nowMs;
    if (message.type === 'hello') return receiver.stage !== 'stored' && receiver.stage !== 'failed';
    if (!('round' in message) || message.round !== round) return false;
    switch (message.type) {
      case 'has':
      case 'ready':
        if ((receiver.stage !== 'asked' && receiver.stage !== 'has') || message.offset > size) return false;
        receiver.stage = message.type;
        receiver.offset = message.offset;
        return false;
      case 'ack':
        receiver.acked = Math.max(receiver.acked, Math.min(size, message.offset));
        return false;
      case 'lost':
        return receiver.stage === 'ready';
      case 'result':
        if (receiver.stage === 'stored' || receiver.stage === 'failed') return false;
        receiver.stage = message.isStored ? 'stored' : 'failed';
        receiver.stored = message.sha256;
        if (!message.isStored) receiver.failures.push(`${name}: ${message.reason}`);
        return false;
      default:
        return false;
    }
  }
}
