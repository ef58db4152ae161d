import type { WebSocketDataMessage, WebSocketMessage, WebSocketOpenInfo } from '../../index.ts';
import type { Link, LinkEvents } from '../file-transfer/relay-link.ts';
import { type ControlMessage, decodeContent, decodeControl, encodeControl } from '../file-transfer/wire.ts';
import { isWorthALine, Repeats, timesOf } from '../peers/repeats.ts';
import { CliError } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { Log } from '../terminal/log.ts';
import { reasonOf } from '../terminal/output.ts';
import { createProgress, type Progress } from '../terminal/progress-bar.ts';
import { formatBytes } from '../terminal/rate-meter.ts';
import { shownUrl } from '../terminal/shown-url.ts';
import { Destination } from './destination.ts';
import { receivePdu } from './pdu-receiver.ts';
import { StreamingReceiver } from './streaming-receiver.ts';

export interface ReceivingPlan {
  readonly url: string;
  readonly folder: string;
  readonly mayReplace: boolean;
  /** The number of transfers to receive; `Infinity` goes on until a signal comes. */
  readonly count: number;
  /** True to greet where nobody said that greetings are understood. */
  readonly greets: boolean;
  readonly delayMs: number;
  /** Longest wait for a sender; 0 waits as long as it takes. */
  readonly waitMs: number;
  readonly silenceMs: number;
  readonly isVerbose: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

const TICK_MS = 1000;

/** One run of `ws receive`. */
export class Receiving implements LinkEvents {
  private readonly plan: ReceivingPlan;
  private readonly link: Link;
  private readonly environment: Environment;
  private readonly progress: Progress;
  private readonly repeats: Repeats;
  private readonly log: Log;
  private streaming: StreamingReceiver | undefined;
  private isRelayOurs = false;
  private hasFailed = false;
  private transfers = 0;
  private fragments = 0;
  private idleSinceMs: number;
  private failure: CliError | undefined;
  private ticker: NodeJS.Timeout | undefined;
  /** The work in progress; one thing comes after the other. */
  private busy: Promise<unknown> = Promise.resolve();

  constructor(plan: ReceivingPlan, link: Link, environment: Environment) {
    this.plan = plan;
    this.link = link;
    this.environment = environment;
    this.repeats = new Repeats(() => environment.elapsedMs());
    this.progress = createProgress(environment, plan.isQuiet || plan.isJson);
    this.log = new Log(environment, plan.isQuiet, plan.isJson, this.progress);
    this.idleSinceMs = environment.elapsedMs();
  }

  get exitCode(): ExitCode {
    return this.hasFailed ? ExitCode.Failed : ExitCode.Done;
  }

  async run(): Promise<ExitCode> {
    const { environment, link, log, plan } = this;
    const destination = await Destination.open(plan.folder, plan.mayReplace, environment.platform).catch(
      (error: unknown) => {
        throw new CliError('receive', reasonOf(error), undefined, { cause: error });
      },
    );
    const streaming = this.createReceiver(destination);
    this.streaming = streaming;
    log.info(`ws_receive: Connecting to url: ${shownUrl(plan.url)}`);
    const messages = link.client[Symbol.asyncIterator]();
    await link.start(this);
    link.setResumable(true);
    log.event('waiting', 'ws_receive: Waiting for message...');
    this.idleSinceMs = environment.elapsedMs();
    const onTickFailed = (error: unknown): void => {
      this.failure ??= new CliError('receive', reasonOf(error), undefined, { cause: error });
      void link.client.stop();
    };
    this.ticker = setInterval(() => void this.inTurn(() => this.tick(streaming)).catch(onTickFailed), TICK_MS);
    // The loop takes one message at a time, and the server waits for it.
    for await (const message of messages) {
      await this.inTurn(() => this.take(message, destination, streaming));
      if (this.transfers >= plan.count) break;
    }
    if (this.failure !== undefined) throw this.failure;
    await link.client.drain();
    if (!this.hasFailed && this.transfers >= plan.count) log.info('ws_receive: Done !');
    return this.exitCode;
  }

  /** Ends it, whatever is under way; what has come of a file stays. */
  async end(): Promise<void> {
    clearInterval(this.ticker);
    await this.inTurn(async () => this.streaming?.abandon());
  }

  onOpen({ uri, headers }: WebSocketOpenInfo): void {
    const count = this.repeats.opened();
    if (isWorthALine(count)) this.log.info(`ws_receive: connected${timesOf(count)}`);
    if (this.plan.isVerbose) this.log.handshake(uri, headers);
    // Whoever is known to be a relay of ours hears at once that the receiver is the same one as before.
    if (this.isRelayOurs) this.streaming?.claim();
    if (this.plan.greets || this.streaming?.isBusy === true) this.streaming?.greet();
  }

  onMessage(message: WebSocketMessage): void {
    if (message.type !== 'fragment') return;
    if (this.streaming?.isBusy === true) return;
    this.log.info(`ws_receive: received fragment ${this.fragments++}`);
    const { delayMs } = this.plan;
    if (delayMs === 0) return;
    const { client } = this.link;
    client.pause();
    setTimeout(() => client.resume(), delayMs);
  }

  onClose(code: number, reason: string): void {
    const count = this.repeats.ended(`${code} ${reason}`);
    if (isWorthALine(count)) {
      const text = `ws_receive: connection closed: code ${code} reason ${reason}${timesOf(count)}`;
      this.log.event('close', text, { code, reason });
    }
  }

  private createReceiver(destination: Destination): StreamingReceiver {
    const { environment, log, plan, progress } = this;
    const say = (message: ControlMessage): void => void this.link.client.sendText(encodeControl(message));
    return new StreamingReceiver(
      destination,
      say,
      plan,
      { environment, progress },
      {
        onOffer({ name, files, bytes }) {
          const what = files === 1 ? '' : ` (${files} files)`;
          log.event('offer', `ws_receive: Receiving ${name}${what}, ${formatBytes(bytes)}`, { name, files, bytes });
        },
        onFile: (path, bytes, sha256) =>
          log.event('file', `ws_receive: Received ${path}, ${bytes} bytes, SHA-256 ${sha256}`, { path, bytes, sha256 }),
        onFileFailed: (name, reason) => log.error(`ws_receive: ${name}: ${reason}`, { name, reason }),
        onDone: (reason) => this.onTransferEnd(reason),
      },
    );
  }

  private async take(
    message: WebSocketDataMessage,
    destination: Destination,
    streaming: StreamingReceiver,
  ): Promise<void> {
    if (!message.binary) {
      const control = decodeControl(message.data);
      // The server in between is ours, and will pass greetings on to senders of ours only.
      if (control?.type === 'peers') {
        if (!this.isRelayOurs) streaming.claim();
        this.isRelayOurs = true;
        if (!streaming.isBusy) streaming.greet();
      } else if (control !== undefined) await streaming.onControl(control);
      else this.log.info(`ws_receive: ignored a text of ${message.data.length} characters`);
      return;
    }
    const content = decodeContent(message.data);
    if (content !== undefined) {
      await streaming.onContent(content);
      return;
    }
    if (streaming.isBusy) return;
    this.log.info(`ws_receive: transfered ${message.wireSize} bytes`);
    this.fragments = 0;
    const outcome = await receivePdu(message.data, destination, this.log);
    if (outcome.kind === 'foreign') return;
    this.link.client.sendBinary(outcome.answer);
    if (outcome.kind === 'failed') {
      this.onTransferEnd(outcome.why);
      return;
    }
    const { path, size: bytes } = outcome;
    this.log.event('file', `ws_receive: Received ${path}, ${bytes} bytes`, { path, bytes });
    this.log.info('Sending ack to sender');
    this.onTransferEnd('');
  }

  private onTransferEnd(reason: string): void {
    this.transfers++;
    this.idleSinceMs = this.environment.elapsedMs();
    if (reason === '') return;
    this.hasFailed = true;
    const error = new CliError('receive', `the transfer failed: ${reason}`);
    if (this.transfers >= this.plan.count) this.failure = error;
    else this.log.error(error.message, { reason });
  }

  private async tick(streaming: StreamingReceiver): Promise<void> {
    await streaming.tick(this.link.isOpen);
    const { waitMs, count } = this.plan;
    const idleMs = streaming.isBusy ? 0 : this.environment.elapsedMs() - this.idleSinceMs;
    if (this.transfers < count && waitMs > 0 && idleMs > waitMs) {
      this.failure = new CliError('receive', `nobody sent anything in ${waitMs / 1000} seconds`);
    }
    // Ending the connection ends the loop.
    if (this.failure !== undefined || this.transfers >= count) {
      clearInterval(this.ticker);
      void this.link.client.stop();
    }
  }

  private async inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.busy.then(task);
    this.busy = turn.catch(() => undefined);
    await turn;
  }
}
