import { Identity } from '../file-transfer/identity.ts';
import { PrefixHash } from '../file-transfer/prefix-hash.ts';
import type { Link } from '../file-transfer/relay-link.ts';
import {
  CONTENT_HEADER_BYTES,
  type ControlMessage,
  encodeControl,
  type FileMessage,
  writeContentHeader,
} from '../file-transfer/wire.ts';
import { CliError } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import type { Progress } from '../terminal/progress-bar.ts';
import { Receivers } from './receivers.ts';
import { type Source, type SourceEntry, SourceFile } from './source.ts';

export interface StreamingOptions {
  /** Longest silence of a receiver. */
  readonly silenceMs: number;
  /** Longest wait for somebody to take the offer. */
  readonly waitMs: number;
}

/** Content that may be on its way: no relay has to hold more. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** With what stands before it, a piece fits into the buffer that all connections write from. */
const PIECE_BYTES = 63 * 1024;
/** Buffers that are used in turn; before the first is used again, all of them have left. */
const POOL_SIZE = 16;
const SLOT_BYTES = CONTENT_HEADER_BYTES + PIECE_BYTES;
/** The interval at which something is said again that has had no answer. */
const REPEAT_MS = 1000;
/** The time for others to accept when one has. */
const OTHERS_MS = 300;
const WORKING_MS = 5000;

/** The file has to be offered again: a connection was cut, or a receiver has missed something. */
class Restart extends Error {}

/** Sends files to receivers of ours, as fast as the slowest of them writes. */
export class StreamingSender {
  private readonly identity = new Identity();
  private readonly transfer = this.identity.id;
  private readonly receivers = new Receivers();
  private readonly link: Link;
  private readonly source: Source;
  private readonly options: StreamingOptions;
  private readonly environment: Environment;
  private readonly progress: Progress;
  private round = 0;
  /** The file that is being sent. */
  private entry: SourceEntry | undefined;
  private needsRestart = false;
  private isEnded = false;
  private wake: () => void = () => undefined;
  private doneBytes = 0;

  constructor(link: Link, source: Source, options: StreamingOptions, environment: Environment, progress: Progress) {
    this.link = link;
    this.source = source;
    this.options = options;
    this.environment = environment;
    this.progress = progress;
  }

  /** Makes the transfer known to a relay of ours as one of this connection. */
  claim(): void {
    this.say({ type: 'claim', secret: this.identity.secret });
  }

  /** The connection is there, again. */
  onOpen(): void {
    this.needsRestart = true;
    this.wake();
  }

  onClose(): void {
    this.needsRestart = true;
    this.wake();
  }

  onControl(message: ControlMessage): void {
    const nowMs = this.environment.elapsedMs();
    if ('transfer' in message && message.transfer !== this.transfer) return;
    if (message.type === 'accept') this.receivers.accept(message.receiver, nowMs);
    if (message.type === 'refuse') this.receivers.refuse(message.receiver, message.reason);
    const { name = '', size = 0 } = this.entry ?? {};
    if (this.receivers.hear(message, this.round, name, size, nowMs)) this.needsRestart = true;
    this.wake();
  }

  /** Ends every wait. */
  end(): void {
    this.isEnded = true;
    this.wake();
  }

  /**
   * Offers the files, sends them, and says how it went for each receiver.
   *
   * @param expectedReceivers how many are there, as far as is known
   */
  async run(expectedReceivers: () => number): Promise<Receivers> {
    const working = setInterval(() => this.say({ type: 'working', transfer: this.transfer, receiver: '' }), WORKING_MS);
    let reason = '';
    try {
      await this.offer(expectedReceivers);
      this.progress.start(this.source.name, this.source.bytes);
      for (const [index, entry] of this.source.entries.entries()) {
        await this.sendFile(index, entry);
        this.doneBytes += entry.size;
      }
    } catch (error) {
      // Receivers may be anybody, and messages of the system name paths of this machine.
      reason = error instanceof CliError ? error.message : `${this.entry?.name ?? this.source.name} could not be read`;
      throw error;
    } finally {
      clearInterval(working);
      this.progress.stop();
      this.say({ type: 'finish', transfer: this.transfer, reason: this.isEnded ? 'the sender was stopped' : reason });
      await this.link.client.drain();
    }
    return this.receivers;
  }

  private async offer(expectedReceivers: () => number): Promise<void> {
    const { receivers, environment, options, source } = this;
    const deadlineMs = environment.elapsedMs() + options.waitMs;
    let acceptedMs: number | undefined;
    for (;;) {
      this.sayOffer();
      await this.sleep(acceptedMs === undefined ? REPEAT_MS : OTHERS_MS);
      const nowMs = environment.elapsedMs();
      const { length } = receivers.active;
      if (length > 0) acceptedMs ??= nowMs;
      const haveAllAnswered = expectedReceivers() > 0 && receivers.answers >= expectedReceivers();
      const areOthersLate = acceptedMs !== undefined && nowMs - acceptedMs >= OTHERS_MS;
      if (length > 0 && (haveAllAnswered || areOthersLate)) break;
      const [refusal] = receivers.refused;
      if (length === 0 && refusal !== undefined && haveAllAnswered) throw new Error(`refused: ${refusal}`);
      if (nowMs > deadlineMs) {
        const why =
          refusal === undefined ? `nobody was there in ${options.waitMs / 1000} seconds` : `refused: ${refusal}`;
        throw new CliError('send', `${source.name} was not sent: ${why}`, "Start 'ws receive' with the same URL.");
      }
    }
    receivers.forgive(environment.elapsedMs());
  }

  private sayOffer(): void {
    const { name, entries, bytes } = this.source;
    this.say({ type: 'offer', transfer: this.transfer, name, files: entries.length, bytes });
  }

  /** Sends a file, as often as it takes. */
  private async sendFile(index: number, entry: SourceEntry): Promise<void> {
    this.entry = entry;
    const file = entry.name.endsWith('/') ? undefined : await SourceFile.open(entry);
    const hashes = new PrefixHash();
    try {
      for (;;) {
        try {
          await this.reconnected();
          return await this.sendOnce(index, entry, file, hashes);
        } catch (error) {
          if (!(error instanceof Restart)) throw error;
        }
      }
    } finally {
      await file?.close();
    }
  }

  private async reconnected(): Promise<void> {
    while (!this.link.isOpen) await this.woken(REPEAT_MS, false);
    this.needsRestart = false;
    this.receivers.forgive(this.environment.elapsedMs());
  }

  private async sendOnce(
    index: number,
    { name, size }: SourceEntry,
    file: SourceFile | undefined,
    hashes: PrefixHash,
  ): Promise<void> {
    const { transfer, receivers } = this;
    const round = ++this.round;
    receivers.ask();
    await this.askOffsets({ type: 'file', transfer, round, index, name, size }, file, hashes);
    if (file === undefined) {
      receivers.verify(name, '');
      return;
    }
    const takers = receivers.active.filter(({ stage }) => stage === 'ready');
    if (takers.length === 0) {
      // An answer that was lost was given again. Without one nobody has it, and there is nothing to compare.
      if (receivers.active.some(({ stage }) => stage === 'stored')) {
        receivers.verify(name, (await hashes.at(file.handle, size)).digest('hex'));
      }
      return;
    }
    const offsets: Record<string, number> = {};
    for (const receiver of takers) receiver.acked = offsets[receiver.id] = receiver.offset;
    this.say({ type: 'start', transfer, round, offsets });
    const sha256 = await this.pump(file, hashes, Math.min(...Object.values(offsets)));
    await this.until(
      () => receivers.active.every(({ stage }) => stage === 'stored' || stage === 'failed'),
      () => this.say({ type: 'end', transfer, round, sha256 }),
    );
    receivers.verify(name, sha256);
  }

  /** Asks every receiver from where on it wants the content, and tells those that have something what it should be. */
  private async askOffsets(message: FileMessage, file: SourceFile | undefined, hashes: PrefixHash): Promise<void> {
    const { transfer, receivers, environment } = this;
    const { round } = message;
    let askedMs = Number.NEGATIVE_INFINITY;
    while (receivers.active.some(({ stage }) => stage === 'asked' || stage === 'has')) {
      const nowMs = environment.elapsedMs();
      if (nowMs - askedMs >= REPEAT_MS) {
        // A receiver that was cut off, too, may have forgotten everything: it is asked anew.
        this.sayOffer();
        this.say(message);
        askedMs = nowMs;
      }
      for (const receiver of receivers.active) {
        if (file === undefined || receiver.stage !== 'has' || nowMs - receiver.prefixMs < REPEAT_MS) continue;
        const { id, offset } = receiver;
        const sha256 = (await hashes.at(file.handle, offset)).digest('hex');
        receiver.prefixMs = environment.elapsedMs();
        this.say({ type: 'prefix', transfer, receiver: id, round, offset, sha256 });
      }
      await this.waitForReceivers();
    }
    this.check();
  }

  /** Sends the content from `start` on; returns the SHA-256 of the file. */
  private async pump(file: SourceFile, hashes: PrefixHash, start: number): Promise<string> {
    const { client } = this.link;
    const hash = await hashes.at(file.handle, start);
    const pool = Buffer.allocUnsafeSlow(POOL_SIZE * SLOT_BYTES);
    let used = 0;
    for (let offset = start; offset < file.size; ) {
      while (offset - this.leastAcked(file.size) >= WINDOW_BYTES) await this.waitForReceivers();
      this.check();
      if (!this.receivers.active.some(({ stage }) => stage === 'ready')) break;
      const length = Math.min(PIECE_BYTES, file.size - offset);
      if (used === POOL_SIZE || !client.canSendMore) {
        await client.drain();
        used = 0;
      }
      const buffer = pool.subarray(used * SLOT_BYTES, used * SLOT_BYTES + CONTENT_HEADER_BYTES + length);
      used++;
      writeContentHeader(buffer, this.transfer, this.round, offset);
      const content = buffer.subarray(CONTENT_HEADER_BYTES);
      await file.read(content, offset);
      hash.update(content);
      offset += length;
      hashes.passed(offset, hash);
      client.sendBinary(buffer);
      this.progress.update(this.doneBytes + this.leastAcked(file.size));
    }
    if (!(await file.isUnchanged())) throw new Error(`${this.entry?.path ?? 'the file'} has changed while it was sent`);
    return hash.digest('hex');
  }

  private leastAcked(size: number): number {
    const takers = this.receivers.active.filter(({ stage }) => stage === 'ready');
    return Math.min(size, ...takers.map(({ acked }) => acked));
  }

  /** Waits until `isDone`, and meanwhile calls `ask` from time to time. */
  private async until(isDone: () => boolean, ask: () => void): Promise<void> {
    let askedMs = Number.NEGATIVE_INFINITY;
    while (!isDone()) {
      const nowMs = this.environment.elapsedMs();
      if (nowMs - askedMs >= REPEAT_MS) {
        ask();
        askedMs = nowMs;
      }
      await this.waitForReceivers();
    }
    this.check();
  }

  private async waitForReceivers(): Promise<void> {
    await this.woken(REPEAT_MS, true);
    this.receivers.dropSilent(this.environment.elapsedMs(), this.options.silenceMs);
    this.progress.update(this.doneBytes + (this.entry === undefined ? 0 : this.leastAcked(this.entry.size)));
    this.check();
  }

  /** Throws when there is no point in going on with this round. */
  private check(): void {
    if (this.isEnded) throw new Error('ended');
    if (this.needsRestart) throw new Restart();
    const { everybody, active } = this.receivers;
    if (active.length > 0) return;
    throw new CliError('send', `the receiver is gone: ${everybody[0]?.gone ?? 'nobody is left'}`);
  }

  private say(message: ControlMessage): void {
    this.link.client.sendText(encodeControl(message));
  }

  private async sleep(milliseconds: number): Promise<void> {
    const endMs = this.environment.elapsedMs() + milliseconds;
    const { answers } = this.receivers;
    // An answer is worth looking at at once.
    while (this.receivers.answers === answers && this.environment.elapsedMs() < endMs) {
      await this.woken(milliseconds, false);
    }
  }

  /** Settles when something has happened, or when the time is over. */
  private async woken(milliseconds: number, wakesOnRestart: boolean): Promise<void> {
    if (this.isEnded) throw new Error('ended');
    if (wakesOnRestart && this.needsRestart) throw new Restart();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.isEnded) throw new Error('ended');
  }
}
