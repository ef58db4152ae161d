import type { WebSocketMessage, WebSocketOpenInfo } from '../../index.ts';
import { Link, type LinkEvents, linkReconnection } from '../file-transfer/relay-link.ts';
import { decodeControl, type PeersMessage, SENDER_PROTOCOL } from '../file-transfer/wire.ts';
import type { Command } from '../line/command.ts';
import { type ClientPlan, openClient, planClient } from '../peers/client-access.ts';
import { isWorthALine, Repeats, timesOf } from '../peers/repeats.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { withPidfile } from '../terminal/files/pidfile.ts';
import { Log } from '../terminal/log.ts';
import { reasonOf } from '../terminal/output.ts';
import { createProgress, type Progress } from '../terminal/progress-bar.ts';
import { shownUrl } from '../terminal/shown-url.ts';
import { exitCodeOf, withStopSignal } from '../terminal/stop-signal.ts';
import { PduSender } from './pdu-sender.ts';
import { readSource, type Source } from './source.ts';
import { StreamingSender } from './streaming-sender.ts';
import type { SendValues } from './table.ts';

export interface SendPlan {
  readonly client: ClientPlan;
  readonly url: string;
  readonly path: string;
  /** The way to send; `undefined` leaves it to what is on the other side. */
  readonly form: 'stream' | 'pdu' | undefined;
  readonly waitMs: number;
  readonly silenceMs: number;
  readonly retryMs: number;
  readonly isVerbose: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly pidfile: string | undefined;
}

/** The time for a relay of ours to say who is there, and for a receiver of ours to come where only others are. */
const GREETING_MS = 1000;

export const send: Command<SendValues, SendPlan> = {
  plan(values) {
    if (values.isStreaming && values.isPdu) throw new WrongUsage('send', 'give either --stream or --pdu');
    return {
      client: planClient(values, {
        url: values.url,
        subprotocols: values.isPdu ? [] : [SENDER_PROTOCOL],
        maxMessageSize: values.maxMessageSize,
        perMessageDeflate: values.isCompressed && !values.withoutDeflate,
        pingIntervalSecs: 15,
        ...linkReconnection,
      }),
      url: values.url,
      path: values.path,
      form: values.isStreaming ? 'stream' : values.isPdu ? 'pdu' : undefined,
      waitMs: values.waitSecs * 1000,
      silenceMs: values.silenceSecs * 1000,
      retryMs: values.retrySecs * 1000,
      isVerbose: values.isVerbose,
      isQuiet: values.isQuiet,
      isJson: values.isJson,
      pidfile: values.pidfile,
    };
  },

  execute: (plan, environment) =>
    withStopSignal(environment, (stopped) =>
      withPidfile(plan.pidfile, environment, async () => {
        const source = await readSource('send', plan.path);
        const link = new Link('send', openClient('send', plan.client, environment), plan.retryMs);
        const sending = new Sending(plan, source, link, environment);
        const work = sending.run();
        try {
          const outcome = await Promise.race([work, stopped, link.failed]);
          if (outcome instanceof CliError) throw outcome;
          return typeof outcome === 'string' ? exitCodeOf(outcome) : ExitCode.Done;
        } finally {
          sending.end();
          await work.catch(() => undefined);
          await link.stop();
        }
      }),
    ),
};

/** One run of the command. */
class Sending implements LinkEvents {
  private readonly plan: SendPlan;
  private readonly source: Source;
  private readonly link: Link;
  private readonly environment: Environment;
  private readonly progress: Progress;
  private readonly repeats: Repeats;
  private readonly log: Log;
  private readonly pdu: PduSender;
  private streaming: StreamingSender | undefined;
  private peers: PeersMessage | undefined;
  private isEnded = false;
  private wake: () => void = () => undefined;

  constructor(plan: SendPlan, source: Source, link: Link, environment: Environment) {
    this.plan = plan;
    this.source = source;
    this.link = link;
    this.environment = environment;
    this.repeats = new Repeats(() => environment.elapsedMs());
    this.progress = createProgress(environment, plan.isQuiet || plan.isJson);
    this.log = new Log(environment, plan.isQuiet, plan.isJson, this.progress);
    this.pdu = new PduSender(link, this.log);
  }

  async run(): Promise<void> {
    const { log, plan, source } = this;
    log.info(`ws_send: Connecting to url: ${shownUrl(plan.url)}`);
    for (const path of source.skipped) log.error(`${path} is neither a file nor a folder and is not sent`);
    const openInfo = await this.link.start(this);
    const form = plan.form ?? (await this.chooseForm(openInfo));
    if (this.isEnded) return;
    log.info('ws_send: Sending...');
    if (form === 'stream') await this.stream();
    else await this.sendPdu();
    log.event('done', 'ws_send: Done !', { name: source.name, files: source.entries.length, bytes: source.bytes });
  }

  end(): void {
    this.isEnded = true;
    this.streaming?.end();
    this.progress.stop();
    this.wake();
  }

  onOpen({ uri, headers }: WebSocketOpenInfo): void {
    const count = this.repeats.opened();
    if (isWorthALine(count)) this.log.info(`ws_send: connected${timesOf(count)}`);
    if (this.plan.isVerbose) this.log.handshake(uri, headers);
    if (this.peers !== undefined) this.streaming?.claim();
    this.streaming?.onOpen();
  }

  onMessage(message: WebSocketMessage): void {
    if (message.type !== 'message') return;
    const control = message.binary ? undefined : decodeControl(message.data);
    if (control === undefined) this.pdu.onMessage(message);
    else if (control.type === 'peers') {
      if (this.peers === undefined) this.streaming?.claim();
      this.peers = control;
    } else this.streaming?.onControl(control);
    this.wake();
  }

  onClose(code: number, reason: string): void {
    const count = this.repeats.ended(`${code} ${reason}`);
    if (isWorthALine(count)) {
      const text = `ws_send: connection closed: code ${code} reason ${reason}${timesOf(count)}`;
      this.log.event('close', text, { code, reason });
    }
    this.streaming?.onClose();
  }

  /** Finds out who is on the other side. */
  private async chooseForm(openInfo: WebSocketOpenInfo): Promise<'stream' | 'pdu'> {
    const { environment, log, plan, source } = this;
    const startMs = environment.elapsedMs();
    const elapsed = (): number => environment.elapsedMs() - startMs;
    // Some servers select any subprotocol, so only the greeting tells.
    if (openInfo.protocol === SENDER_PROTOCOL) await this.until(() => this.peers !== undefined, GREETING_MS);
    if (this.peers === undefined) {
      if (!source.isFolder) return 'pdu';
      const hint = "Use 'ws transfer' of this program, or --stream on both sides.";
      throw new CliError('send', 'the server in between relays single files only', hint);
    }
    const hasOnlyOthers = (): boolean => this.others > 0 && !source.isFolder;
    let isAnnounced = false;
    while (!this.isEnded) {
      // Whoever came first may be one of two.
      if (hasOnlyOthers()) await this.until(() => this.receivers > 0, GREETING_MS);
      if (this.receivers > 0) return 'stream';
      if (hasOnlyOthers()) return 'pdu';
      const leftMs = plan.waitMs - elapsed();
      if (leftMs <= 0) break;
      if (!isAnnounced) log.event('waiting', 'ws_send: Waiting for a receiver...');
      isAnnounced = true;
      await this.until(() => this.receivers > 0 || hasOnlyOthers(), leftMs);
    }
    const hint = `Start 'ws receive ${shownUrl(plan.url)}'.`;
    throw new CliError('send', `nobody was there to receive in ${plan.waitMs / 1000} seconds`, hint);
  }

  private get receivers(): number {
    return this.peers?.receivers ?? 0;
  }

  private get others(): number {
    return this.peers?.others ?? 0;
  }

  private async stream(): Promise<void> {
    const { environment, link, log, plan, progress, source } = this;
    this.streaming = new StreamingSender(link, source, plan, environment, progress);
    if (this.peers !== undefined) this.streaming.claim();
    link.setResumable(true);
    const startMs = environment.elapsedMs();
    const receivers = await this.streaming
      .run(() => this.receivers)
      .catch((error: unknown) => {
        if (error instanceof CliError) throw error;
        throw new CliError('send', `${source.name} was not sent: ${reasonOf(error)}`, undefined, { cause: error });
      });
    link.setResumable(false);
    const seconds = Math.max(0.001, (environment.elapsedMs() - startMs) / 1000);
    log.info(`ws_send: Send transfer rate: ${(source.bytes / seconds / 1024 ** 2).toFixed(1)} MB/s`);
    const failures = receivers.everybody.flatMap(({ failures: files, gone }) => (gone === '' ? files : [gone]));
    if (failures.length === 0) return;
    for (const failure of failures.slice(1)) log.error(failure);
    const more = failures.length === 1 ? '' : ` (and ${failures.length - 1} more)`;
    throw new CliError('send', `the receiver could not store ${failures[0] ?? ''}${more}`);
  }

  private async sendPdu(): Promise<void> {
    const { plan, progress, source } = this;
    const [entry] = source.entries;
    if (source.isFolder || entry === undefined) {
      throw new CliError('send', `${plan.path} is a folder, and --pdu sends single files only`);
    }
    await this.pdu.run(entry, plan.path, plan.silenceMs, this.environment, progress);
  }

  /** Waits until `isDone`, or until the time is over. */
  private async until(isDone: () => boolean, milliseconds: number): Promise<void> {
    const endMs = this.environment.elapsedMs() + milliseconds;
    while (!isDone() && !this.isEnded) {
      const leftMs = endMs - this.environment.elapsedMs();
      if (leftMs <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
