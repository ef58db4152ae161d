import { isUtf8 } from 'node:buffer';
import { gunzipSync } from 'node:zlib';
import type {
  WebSocket,
  WebSocketDataMessage,
  WebSocketErrorInfo,
  WebSocketMessage,
  WebSocketOpenInfo,
} from '../../index.ts';
import { connectFailure } from '../client.ts';
import { CliError, WrongUsage } from '../errors.ts';
import { ExitCode } from '../exit-codes.ts';
import { describeHandshake } from '../log.ts';
import { reasonOf } from '../output.ts';
import { settleable } from '../settle.ts';
import { type Line, Outbox } from './outbox.ts';
import type { Screen } from './screen.ts';
import { parseSlashCommand, type SlashCommand } from './slash-command.ts';

export interface ConversationPlan {
  readonly isBinary: boolean;
  readonly gunzips: boolean;
  readonly reconnects: boolean;
  readonly maxMessageSize: number;
  /** How long there must be no answer at the end of piped input until it is the end. */
  readonly waitMs: number;
}

/** Lines of piped input that are read ahead of the connection. */
const LINES_AHEAD = 1024;

/**
 * Lines go out, messages come in, until one of several things makes it the end: the input, `/quit`, the connection
 * when it is not made again, or the caller.
 *
 * Piped input wants an answer: when the first attempt to connect fails, that is the end, and so is a failed one when
 * the input is over. Somebody at a terminal can decide.
 */
export class Conversation {
  private readonly plan: ConversationPlan;
  private readonly client: WebSocket;
  private readonly screen: Screen;
  private readonly outbox: Outbox;
  private readonly ended = settleable<ExitCode>();
  private readonly opened = settleable<void>();
  private hasOpened = false;
  private isOver = false;
  /** By `/stop` or `/close`, until `/start`. */
  private isStopped = false;
  private isInputOver = false;
  /** All input has left. */
  private isDrained = false;
  private hasRefusedLines = false;
  private pongsWanted = 0;
  private answers = 0;
  private silence: NodeJS.Timeout | undefined;

  constructor(plan: ConversationPlan, client: WebSocket, screen: Screen) {
    this.plan = plan;
    this.client = client;
    this.screen = screen;
    this.outbox = new Outbox(client, plan.isBinary, ({ code }) => {
      this.hasRefusedLines = true;
      const hint = code === 'invalidUtf8' ? 'Text must be UTF-8; -b sends bytes as they are.' : undefined;
      screen.error(new CliError('connect', `a line cannot be sent (${code})`, hint));
    });
  }

  /** Runs to the end and closes the connection. */
  async run(): Promise<ExitCode> {
    const { client, screen } = this;
    client.setOnMessageCallback((message) => this.onMessage(message));
    client.start();
    void this.readLines();
    const code = await this.ended.promise;
    clearTimeout(this.silence);
    screen.close();
    const { unsentBytes } = await client.stop();
    if (unsentBytes === 0 || code !== ExitCode.Done) return code;
    screen.error(new CliError('connect', `${unsentBytes} bytes were not taken by the server`));
    return ExitCode.Failed;
  }

  /** Makes it the end. The first call counts. */
  end(code: ExitCode): void {
    this.isOver = true;
    this.ended.resolve(code);
  }

  private async readLines(): Promise<void> {
    const { screen, outbox } = this;
    try {
      for await (const line of screen.lines) {
        if (this.isOver) return;
        const command = parseSlashCommand(typeof line === 'string' ? line : line.toString('latin1'));
        // Somebody who types a command means now; in a pipe, it comes after the lines before it.
        if (!screen.isInteractive) await outbox.untilAtMost(command === undefined ? LINES_AHEAD : 0);
        if (command === undefined) outbox.put(line);
        else await this.obey(command);
      }
    } catch (error) {
      // Ending closes the input under our hands.
      if (!this.isOver) screen.error(new CliError('connect', `cannot read input: ${reasonOf(error)}`));
      this.end(ExitCode.Failed);
    }
    if (screen.isInteractive) this.quit();
    else await this.finishInput();
  }

  private async obey(command: SlashCommand): Promise<void> {
    const { client } = this;
    switch (command.kind) {
      case 'start':
        this.isStopped = false;
        client.start();
        break;
      case 'stop':
        this.isStopped = true;
        await client.stop();
        break;
      case 'close':
        await this.close(command.code, command.reason);
        break;
      case 'ping':
        this.ping(command.data);
        break;
      case 'quit':
        this.quit();
        break;
      default:
        command satisfies never;
    }
  }

  private async close(code: number, reason: string): Promise<void> {
    try {
      this.client.close(code, reason === '' && code === 1000 ? undefined : reason);
    } catch (error) {
      this.screen.error(new CliError('connect', `/close: ${reasonOf(error)}`));
      return;
    }
    this.isStopped = true;
    await this.client.stop();
  }

  private ping(data: string): void {
    const info = this.client.ping(data);
    if (info.success) this.pongsWanted++;
    else this.screen.error(new CliError('connect', `/ping: not sent (${info.code})`));
  }

  private quit(): void {
    this.end(this.hasOpened ? this.doneOrRefused() : ExitCode.Failed);
  }

  /** Piped input is over: everything is to be sent, and the answers are to be waited for. */
  private async finishInput(): Promise<void> {
    this.isInputOver = true;
    if (this.isStopped) return this.endStopped();
    await this.outbox.untilAtMost(0);
    await this.opened.promise;
    await this.client.drain();
    if (this.isOver) return undefined;
    this.isDrained = true;
    this.silence = setTimeout(() => this.onSilence(), this.plan.waitMs);
    return undefined;
  }

  /** After a stall timers come first: what has arrived meanwhile is looked at before it is called silence. */
  private onSilence(): void {
    const { answers } = this;
    setImmediate(() => {
      if (answers === this.answers) this.end(this.doneOrRefused());
      else this.silence?.refresh();
    });
  }

  /** There is no connection any more, and nothing will make one. */
  private endStopped(): void {
    const { length } = this.outbox;
    const isOnItsWay = this.isInputOver && !this.isDrained && !this.isStopped;
    if (length === 0 && !isOnItsWay) {
      this.quit();
      return;
    }
    const what = length === 0 ? 'all of the input' : `${length} more ${length === 1 ? 'line' : 'lines'}`;
    this.screen.error(new CliError('connect', `the connection was closed before ${what} could be sent`));
    this.end(ExitCode.Failed);
  }

  private doneOrRefused(): ExitCode {
    return this.hasRefusedLines ? ExitCode.Failed : ExitCode.Done;
  }

  private onMessage(message: WebSocketMessage): void {
    const { screen } = this;
    this.answers++;
    this.silence?.refresh();
    switch (message.type) {
      case 'message':
        this.show(message);
        break;
      case 'open':
        this.onOpen(message.openInfo);
        break;
      case 'pong':
        if (this.pongsWanted === 0) break;
        this.pongsWanted--;
        screen.status(`Received pong ${message.data}`);
        break;
      case 'close':
        screen.status(
          `ws_connect: connection closed: code ${message.closeInfo.code} reason ${message.closeInfo.reason}`,
        );
        this.onClosed();
        break;
      case 'error':
        this.onError(message.errorInfo);
        break;
      default:
        break;
    }
  }

  private onOpen({ uri, headers, protocol }: WebSocketOpenInfo): void {
    const { screen } = this;
    screen.status('ws_connect: connected');
    for (const line of describeHandshake(uri, headers)) screen.status(line);
    if (protocol !== '') screen.status(`Subprotocol: ${protocol}`);
    this.hasOpened = true;
    this.opened.resolve();
    this.outbox.pump();
  }

  private onClosed(): void {
    if (this.isStopped || this.isOver) return;
    const isLast = this.isInputOver && this.outbox.length === 0;
    if (isLast || !this.plan.reconnects) this.endStopped();
  }

  private onError(errorInfo: WebSocketErrorInfo): void {
    const { screen } = this;
    const failure = connectFailure('connect', errorInfo);
    const isLast = errorInfo.retries === 0 || (!screen.isInteractive && (!this.hasOpened || this.isInputOver));
    if (!isLast) {
      screen.error(
        new CliError('connect', failure.message, `Attempt ${errorInfo.retries}; next in ${errorInfo.waitTime} ms.`),
      );
      return;
    }
    screen.error(failure);
    this.end(failure instanceof WrongUsage ? ExitCode.WrongUsage : ExitCode.Failed);
  }

  private show(message: WebSocketDataMessage): void {
    const payload = this.plan.gunzips ? this.gunzip(message) : message.data;
    const hasRoom = this.screen.show(payload, () => this.client.resume());
    if (!hasRoom) this.client.pause();
  }

  private gunzip(message: WebSocketDataMessage): Line {
    try {
      const bytes = gunzipSync(message.bytes, { maxOutputLength: this.plan.maxMessageSize });
      return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
    } catch (error) {
      this.screen.status(`Error decompressing: ${reasonOf(error)}`);
      return message.data;
    }
  }
}
