import { explain, type WebSocketCloseInfo, type WebSocketErrorInfo, type WebSocketMessage } from '../../index.ts';
import { exitCodeOfClose } from '../peers/close-exit-code.ts';
import { connectFailure } from '../peers/create-client.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { reasonOf } from '../terminal/output.ts';
import { settleable } from '../terminal/settleable.ts';
import type { Dialect } from './dialect.ts';
import type { Link } from './link.ts';
import { type Line, Outbox } from './outbox.ts';
import type { Screen } from './screen.ts';
import { parseSlashCommand, type SlashCommand } from './slash-command.ts';
import { SlashRunner } from './slash-runner.ts';
import { Traffic } from './traffic.ts';

export interface ConversationPlan {
  /** The name of the command, for what goes wrong. */
  readonly command: string;
  readonly reconnects: boolean;
  readonly maxMessageSize: number;
  /** The silence at the end of piped input after which it is the end. */
  readonly waitMs: number;
  /** It is the end after so many messages. */
  readonly count: number | undefined;
  /** Lines that begin with a slash are messages. */
  readonly isLiteral: boolean;
  /** Lines come from the command line, from somebody who may have files sent. */
  readonly isTrusted: boolean;
  /** The other side is a client. */
  readonly isServer: boolean;
}

/** The parts of a conversation. */
export interface ConversationParts {
  readonly link: Link;
  readonly screen: Screen;
  readonly dialect: Dialect;
  elapsedMs(): number;
}

/** Lines of piped input that are read ahead of the connection. */
const LINES_AHEAD = 1024;

/**
 * Lines go out, messages come in, until one of several things makes it the end: the input, `/quit`, as many messages
 * as were wanted, the connection when it is not made again, or the caller.
 *
 * Piped input wants an answer: when the first attempt to connect fails, that is the end, and so is a failed one when
 * the input is over. Somebody at a terminal can decide.
 */
export class Conversation {
  private readonly plan: ConversationPlan;
  private readonly parts: ConversationParts;
  private readonly traffic: Traffic;
  private readonly outbox: Outbox;
  private readonly slash: SlashRunner;
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
  private answers = 0;
  private silence: NodeJS.Timeout | undefined;

  constructor(plan: ConversationPlan, parts: ConversationParts) {
    this.plan = plan;
    this.parts = parts;
    const { link, screen, dialect } = parts;
    const { command, maxMessageSize } = plan;
    this.traffic = new Traffic(() => parts.elapsedMs());
    this.outbox = new Outbox(link, this.traffic, ({ code }) => {
      this.hasRefusedLines = true;
      const hint = code === 'invalidUtf8' ? 'Text must be UTF-8; -b sends bytes as they are.' : undefined;
      this.slash.problem(`a line cannot be sent (${code})`, hint);
    });
    const { traffic, outbox } = this;
    this.slash = new SlashRunner({ command, link, screen, outbox, traffic, dialect, maxMessageSize });
  }

  /** Runs to the end and closes the connection. */
  async run(): Promise<ExitCode> {
    const { link, screen, dialect } = this.parts;
    link.setOnMessageCallback((message) => this.onMessage(message));
    link.start();
    void this.readLines();
    const code = await this.ended.promise;
    clearTimeout(this.silence);
    link.resume();
    if (dialect.farewell !== undefined) link.sendBinary(dialect.farewell.data);
    const { unsentBytes } = await link.stop();
    screen.close();
    if (unsentBytes === 0 || code !== ExitCode.Done) return code;
    this.slash.problem(`${unsentBytes} bytes were not taken by the other side`);
    return ExitCode.Failed;
  }

  /** Makes it the end. The first call counts; one more does not wait for the other side. */
  end(code: ExitCode): void {
    if (this.isOver) this.parts.link.terminate();
    this.isOver = true;
    this.ended.resolve(code);
  }

  private async readLines(): Promise<void> {
    const { screen, dialect } = this.parts;
    const { outbox, plan } = this;
    try {
      for await (const line of screen.lines) {
        if (this.isOver) return;
        const command = plan.isLiteral ? undefined : this.commandIn(line);
        // Somebody who types a command means now; in a pipe, it comes after the lines before it.
        if (!screen.isInteractive) await outbox.untilAtMost(command === undefined ? LINES_AHEAD : 0);
        if (command === undefined) outbox.put(dialect.outgoing(line));
        else await this.obey(command);
      }
    } catch (error) {
      // Ending closes the input under our hands.
      if (!this.isOver) this.slash.problem(`cannot read input: ${reasonOf(error)}`);
      this.end(ExitCode.Failed);
    }
    if (this.isOver) return;
    if (screen.isInteractive) this.quit();
    else await this.finishInput();
  }

  /** Piped lines may come from anybody: they cannot have files sent, and what is not quite a command is a message. */
  private commandIn(line: Line): SlashCommand | undefined {
    const command = parseSlashCommand(typeof line === 'string' ? line : line.toString('latin1'));
    if (this.parts.screen.isInteractive || this.plan.isTrusted) return command;
    return command?.kind === 'send' || command?.kind === 'wrong' ? undefined : command;
  }

  private async obey(command: SlashCommand): Promise<void> {
    const { link } = this.parts;
    switch (command.kind) {
      case 'start':
        this.isStopped = false;
        link.start();
        break;
      case 'stop':
        this.isStopped = true;
        await link.stop();
        break;
      case 'close':
        await this.close(command.code, command.reason);
        break;
      case 'quit':
        this.quit();
        break;
      default:
        await this.slash.run(command);
    }
  }

  private async close(code: number, reason: string): Promise<void> {
    const { link } = this.parts;
    try {
      link.close(code, reason === '' && code === 1000 ? undefined : reason);
    } catch (error) {
      this.slash.problem(`/close: ${reasonOf(error)}`);
      return;
    }
    this.isStopped = true;
    await link.stop();
  }

  private quit(): void {
    this.end(this.hasOpened ? this.doneOrNot() : ExitCode.Failed);
  }

  /** Piped input is over: everything is to be sent, and the answers are to be waited for. */
  private async finishInput(): Promise<void> {
    const { link } = this.parts;
    this.isInputOver = true;
    if (this.isStopped) return this.endStopped(undefined);
    await this.outbox.untilAtMost(0);
    await this.opened.promise;
    await link.drain();
    if (this.isOver) return undefined;
    this.isDrained = true;
    const { waitMs } = this.plan;
    if (Number.isFinite(waitMs)) this.silence = setTimeout(() => this.onSilence(), waitMs);
    return undefined;
  }

  /** After a stall timers come first: what has arrived meanwhile is looked at before it is called silence. */
  private onSilence(): void {
    const { answers } = this;
    setImmediate(() => {
      if (answers === this.answers) this.end(this.doneOrNot());
      else this.silence?.refresh();
    });
  }

  /** There is no connection any more, and nothing will make one. The other side may have ended it. */
  private endStopped(closeInfo: WebSocketCloseInfo | undefined): void {
    const { length } = this.outbox;
    const isOnItsWay = this.isInputOver && !this.isDrained && !this.isStopped;
    if (length === 0 && !isOnItsWay) {
      const code = closeInfo === undefined ? ExitCode.Done : exitCodeOfClose(closeInfo);
      if (code === ExitCode.Done) this.quit();
      else this.end(code);
      return;
    }
    const what = length === 0 ? 'all of the input' : `${length} more ${length === 1 ? 'line' : 'lines'}`;
    this.slash.problem(`the connection was closed before ${what} could be sent`);
    this.end(ExitCode.Failed);
  }

  private doneOrNot(): ExitCode {
    const { plan, traffic } = this;
    const isShort = plan.count !== undefined && traffic.received < plan.count;
    if (isShort) this.slash.problem(`got ${traffic.received} of ${plan.count} messages`);
    // Somebody who types has seen it, and could do it better.
    const isUnsent = this.hasRefusedLines || (this.slash.hasFailed && !this.parts.screen.isInteractive);
    return isShort || isUnsent ? ExitCode.Failed : ExitCode.Done;
  }

  private onMessage(message: WebSocketMessage): void {
    const { screen, link } = this.parts;
    this.answers++;
    this.silence?.refresh();
    switch (message.type) {
      case 'message':
        this.show(message);
        break;
      case 'open':
        this.onOpen(message);
        break;
      case 'ping':
        screen.tell({ type: 'ping', data: message.data });
        break;
      case 'pong': {
        const isAskedFor = this.slash.pongsWanted > 0;
        if (isAskedFor) this.slash.pongsWanted--;
        screen.tell({ type: 'pong', data: message.data, roundTripMs: link.roundTripTimeMs, isAskedFor });
        break;
      }
      case 'close':
        this.onClosed(message.closeInfo);
        break;
      case 'error':
        this.onError(message.errorInfo);
        break;
      default:
        break;
    }
  }

  private onOpen({ openInfo }: WebSocketMessage & { type: 'open' }): void {
    const { screen, dialect, link } = this.parts;
    screen.tell({ type: 'open', openInfo, isServer: this.plan.isServer });
    this.traffic.onOpen();
    this.slash.openInfo = openInfo;
    if (!this.hasOpened && dialect.greeting !== undefined) link.sendBinary(dialect.greeting.data);
    this.hasOpened = true;
    this.opened.resolve();
    this.outbox.pump();
  }

  private onClosed(closeInfo: WebSocketCloseInfo): void {
    const { isServer, reconnects } = this.plan;
    const isBad = !this.isOver && !this.isStopped && exitCodeOfClose(closeInfo) !== ExitCode.Done;
    const explanation = isBad && !isServer ? explain(closeInfo) : undefined;
    this.traffic.onClosed();
    this.parts.screen.tell({ type: 'close', closeInfo, explanation });
    if (this.isStopped || this.isOver) return;
    const isLast = this.isInputOver && this.outbox.length === 0;
    if (isLast || !reconnects) this.endStopped(closeInfo);
  }

  private onError(errorInfo: WebSocketErrorInfo): void {
    const { screen } = this.parts;
    const failure = connectFailure(this.plan.command, errorInfo);
    const isLast = errorInfo.retries === 0 || (!screen.isInteractive && (!this.hasOpened || this.isInputOver));
    screen.tell({ type: 'error', errorInfo, failure, isLast });
    if (isLast) this.end(failure instanceof WrongUsage ? ExitCode.WrongUsage : ExitCode.Failed);
  }

  private show(message: WebSocketMessage & { type: 'message' }): void {
    const { screen, dialect, link } = this.parts;
    const { plan, traffic } = this;
    // Messages behind the last one that was asked for are not shown.
    if (traffic.received === plan.count) return;
    traffic.onReceived(message.binary ? message.data.length : Buffer.byteLength(message.data));
    const shown = dialect.incoming(message, (text) => screen.tell({ type: 'note', text }));
    const hasRoom = screen.show(shown, () => link.resume());
    if (!hasRoom) link.pause();
    if (traffic.received === plan.count) this.end(this.doneOrNot());
  }
}
