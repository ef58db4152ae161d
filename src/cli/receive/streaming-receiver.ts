import { setTimeout as sleep } from 'node:timers/promises';
import { Identity } from '../file-transfer/identity.ts';
import type {
  Content,
  ControlMessage,
  EndMessage,
  FileMessage,
  OfferMessage,
  PrefixMessage,
  StartMessage,
} from '../file-transfer/wire.ts';
import type { Environment } from '../terminal/environment.ts';
import type { Progress } from '../terminal/progress-bar.ts';
import type { Destination } from './destination.ts';
import { type FileResult, failedResult, IncomingFile } from './incoming-file.ts';

/** Events of a receiver, for those who run it. */
export interface ReceiverEvents {
  onOffer(offer: OfferMessage): void;
  onFile(path: string, size: number, sha256: string): void;
  onFileFailed(name: string, reason: string): void;
  /** A transfer is over; `reason` is empty when all of it is stored. */
  onDone(reason: string): void;
}

export interface StreamingReceiverOptions {
  /** Milliseconds to wait after each piece. */
  readonly delayMs: number;
  /** Longest silence of a sender. */
  readonly silenceMs: number;
}

/** The transfer that is being received. */
interface Current {
  readonly offer: OfferMessage;
  /** The file that comes next, or is coming. */
  index: number;
  file: IncomingFile | undefined;
  /** Of the file before. */
  lastResult: FileResult | undefined;
  failures: string[];
  doneBytes: number;
  ackedBytes: number;
  lostRound: number;
  /** Everything has come; only the sender's word that it knows is missing. */
  completedMs: number | undefined;
}

const ACK_BYTES = 1024 * 1024;
const WORKING_MS = 5000;
/** The time a receiver that has everything stays to say so again. */
const LINGER_MS = 10_000;

/** Receives transfers of senders of ours, one at a time. */
export class StreamingReceiver {
  private readonly identity = new Identity();
  private readonly id = this.identity.id;
  private readonly destination: Destination;
  private readonly say: (message: ControlMessage) => void;
  private readonly options: StreamingReceiverOptions;
  private readonly environment: Environment;
  private readonly progress: Progress;
  private readonly events: ReceiverEvents;
  private current: Current | undefined;
  private lastHeardMs = 0;
  private lastSaidMs = 0;

  constructor(
    destination: Destination,
    say: (message: ControlMessage) => void,
    options: StreamingReceiverOptions,
    { environment, progress }: { readonly environment: Environment; readonly progress: Progress },
    events: ReceiverEvents,
  ) {
    this.destination = destination;
    this.say = say;
    this.options = options;
    this.environment = environment;
    this.progress = progress;
    this.events = events;
  }

  get isBusy(): boolean {
    return this.current !== undefined;
  }

  /** Makes the receiver known to a relay of ours as the one of this connection. */
  claim(): void {
    this.say({ type: 'claim', secret: this.identity.secret });
  }

  /** Lets senders know that it is there. */
  greet(): void {
    this.say({ type: 'hello', receiver: this.id });
  }

  /** To be called about once a second. */
  async tick(isConnected: boolean): Promise<void> {
    const { current, environment, options } = this;
    if (current === undefined) return;
    const nowMs = environment.elapsedMs();
    if (!isConnected) this.lastHeardMs = nowMs;
    if (current.completedMs !== undefined) {
      if (nowMs - current.completedMs > LINGER_MS) await this.finish(current, '');
    } else if (nowMs - this.lastHeardMs > options.silenceMs) {
      await this.finish(current, `the sender was silent for ${options.silenceMs / 1000} seconds`);
    } else if (nowMs - this.lastSaidMs > WORKING_MS) {
      this.answer({ type: 'working', transfer: current.offer.transfer, receiver: this.id });
    }
  }

  async onControl(message: ControlMessage): Promise<void> {
    if (message.type === 'offer') {
      await this.onOffer(message);
      return;
    }
    const { current } = this;
    if (current === undefined || !('transfer' in message) || message.transfer !== current.offer.transfer) return;
    if ('receiver' in message && message.receiver !== '' && message.receiver !== this.id) return;
    this.lastHeardMs = this.environment.elapsedMs();
    switch (message.type) {
      case 'file':
        await this.onFile(current, message);
        break;
      case 'prefix':
        await this.onPrefix(current, message);
        break;
      case 'start':
        await this.onStart(current, message);
        break;
      case 'end':
        await this.onEnd(current, message);
        break;
      case 'finish':
        await this.finish(current, message.reason);
        break;
      default:
        break;
    }
  }

  async onContent(content: Content): Promise<void> {
    const { current } = this;
    const file = current?.file;
    if (current === undefined || file === undefined) return;
    if (content.transfer !== current.offer.transfer || content.round !== file.round) return;
    this.lastHeardMs = this.environment.elapsedMs();
    await this.attempt(current, file, async () => {
      if (!file.hasStarted || !(await file.write(content))) {
        this.sayLost(current, file);
        return;
      }
      if (file.length - current.ackedBytes >= ACK_BYTES || file.length === file.size) this.acknowledge(current, file);
      this.progress.update(current.doneBytes + file.length);
      if (this.options.delayMs > 0) await sleep(this.options.delayMs);
    });
  }

  /** The receiver is stopped; what has come stays for the next time. */
  async abandon(): Promise<void> {
    this.progress.stop();
    await this.current?.file?.abandon();
    this.current = undefined;
  }

  private async onOffer(offer: OfferMessage): Promise<void> {
    const { transfer } = offer;
    if (this.current?.completedMs !== undefined && this.current.offer.transfer !== transfer) {
      await this.finish(this.current, '');
    }
    if (this.current === undefined) {
      this.current = {
        offer,
        index: 0,
        file: undefined,
        lastResult: undefined,
        failures: [],
        doneBytes: 0,
        ackedBytes: 0,
        lostRound: -1,
        completedMs: undefined,
      };
      this.lastHeardMs = this.environment.elapsedMs();
      this.events.onOffer(offer);
      this.progress.start(offer.name, offer.bytes);
    }
    // Whoever is busy says nothing: the sender asks again.
    if (this.current.offer.transfer === transfer) this.answer({ type: 'accept', transfer, receiver: this.id });
  }

  private async onFile(current: Current, message: FileMessage): Promise<void> {
    const { index, round, name, size } = message;
    // The answer was lost on its way.
    if (index === current.index - 1 && current.lastResult !== undefined) {
      this.sayResult(current, round, current.lastResult);
      return;
    }
    if (index !== current.index || index >= current.offer.files) return;
    if (current.file !== undefined && (current.file.name !== name || current.file.size !== size)) return;
    current.file ??= new IncomingFile(this.destination, message);
    const { file } = current;
    file.round = round;
    await this.attempt(current, file, async () => {
      if (name.endsWith('/')) {
        await this.destination.makeFolder(name.slice(0, -1));
        this.complete(current, file, { isStored: true, sha256: '' });
        return;
      }
      await file.prepare(round);
      this.sayOffset(current, file);
    });
  }

  private async onPrefix(current: Current, message: PrefixMessage): Promise<void> {
    const { file } = current;
    if (file === undefined || file.round !== message.round || file.hasStarted) return;
    await this.attempt(current, file, async () => {
      await file.verify(message);
      this.sayOffset(current, file);
    });
  }

  private async onStart(current: Current, message: StartMessage): Promise<void> {
    const { file } = current;
    if (file === undefined || file.round !== message.round || file.hasStarted) return;
    await this.attempt(current, file, () => {
      file.start(message, this.id);
      current.ackedBytes = file.length;
      this.progress.update(current.doneBytes + file.length);
    });
  }

  private async onEnd(current: Current, { round, sha256 }: EndMessage): Promise<void> {
    const { file } = current;
    if (file === undefined) {
      if (current.lastResult !== undefined) this.sayResult(current, round, current.lastResult);
      return;
    }
    if (file.round !== round) return;
    if (!file.hasStarted || file.length < file.size) {
      this.sayLost(current, file);
      return;
    }
    this.complete(current, file, await file.finish(sha256));
  }

  /** The file is done with, however that ended. */
  private complete(current: Current, file: IncomingFile, result: FileResult): void {
    const { events } = this;
    current.file = undefined;
    current.index++;
    current.doneBytes += file.size;
    current.lastResult = result;
    if (result.isStored) events.onFile(file.path || file.name, file.size, file.sha256);
    else {
      current.failures.push(file.name);
      events.onFileFailed(file.name, result.reason);
    }
    if (current.index === current.offer.files) current.completedMs = this.environment.elapsedMs();
    this.progress.update(current.doneBytes);
    this.sayResult(current, file.round, result);
  }

  private async finish(current: Current, reason: string): Promise<void> {
    const isComplete = current.completedMs !== undefined;
    const { failures } = current;
    this.current = undefined;
    this.progress.stop();
    await current.file?.abandon();
    const failed = failures.length === 0 ? '' : `${failures.length} of ${current.offer.files} files were not stored`;
    const incomplete = isComplete ? '' : reason || 'the sender ended it before everything was there';
    this.events.onDone(incomplete || failed);
  }

  /** Does something with a file that may fail, which ends that file and not the transfer. */
  private async attempt(current: Current, file: IncomingFile, task: () => Promise<void> | void): Promise<void> {
    try {
      await task();
    } catch (error) {
      await file.abandon().catch(() => undefined);
      this.complete(current, file, failedResult(error));
    }
  }

  private acknowledge(current: Current, { round, length }: IncomingFile): void {
    current.ackedBytes = length;
    this.answer({ type: 'ack', transfer: current.offer.transfer, receiver: this.id, round, offset: length });
  }

  private sayLost(current: Current, { round }: IncomingFile): void {
    // Once is enough: what is on its way is of no use either.
    if (current.lostRound === round) return;
    current.lostRound = round;
    this.answer({ type: 'lost', transfer: current.offer.transfer, receiver: this.id, round });
  }

  private sayOffset(current: Current, file: IncomingFile): void {
    const { round, length: offset, isVerified } = file;
    const { transfer } = current.offer;
    current.ackedBytes = offset;
    this.answer({ type: isVerified ? 'ready' : 'has', transfer, receiver: this.id, round, offset });
  }

  private sayResult(current: Current, round: number, result: FileResult): void {
    const { transfer } = current.offer;
    const { isStored } = result;
    const [reason, sha256] = isStored ? ['', result.sha256] : [result.told, ''];
    this.answer({ type: 'result', transfer, receiver: this.id, round, isStored, reason, sha256 });
  }

  private answer(message: ControlMessage): void {
    this.lastSaidMs = this.environment.elapsedMs();
    this.say(message);
  }
}
