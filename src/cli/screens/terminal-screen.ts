import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from 'node:readline';
import type { ConnectEvent, ShownMessage } from '../conversation/events.ts';
import type { Line } from '../conversation/outbox.ts';
import type { Screen } from '../conversation/screen.ts';
import { isWorthALine, Repeats } from '../peers/repeats.ts';
import { type Palette, paletteFor } from '../terminal/colours.ts';
import type { Environment } from '../terminal/environment.ts';
import { timeOfDay } from '../terminal/time-of-day.ts';
import { countOf, describeEvent, describeRepeat } from './event-text.ts';
import { History } from './history.ts';
import { describeMessage } from './payload-text.ts';
import type { ViewPlan } from './view-plan.ts';

/** The characters written at a time: more is not held for the end of the turn. */
const BATCH_LENGTH = 64 * 1024;

/** `23:59:59.123 `. */
const TIME_WIDTH = 13;
/** Goes one line up, to its beginning, and erases what is there and below (ECMA-48: CPL would do, CUU is everywhere). */
const PREVIOUS_LINE = '\u001b[1A\r\u001b[J';

/** A prompt on the last line, above which everything else appears. */
export class TerminalScreen implements Screen {
  readonly isInteractive = true;
  readonly lines: AsyncIterable<Line>;
  private readonly environment: Environment;
  private readonly view: ViewPlan;
  private readonly palette: Palette;
  private readonly readline: Interface;
  private readonly history: History | undefined;
  /** A terminal that has no cursor to move. */
  private readonly isDumb: boolean;
  /** Written together, so that the prompt does not flicker below a stream of messages. */
  private batch = '';
  /** Written behind the batch: a line that the next of its kind replaces, where nothing else comes between. */
  private status: string | undefined;
  /** The line above the prompt is such a line. */
  private isStatusShown = false;
  /** It is erased before the batch is written. */
  private erasesStatus = false;
  private readonly repeats: Repeats;
  private turn: NodeJS.Immediate | undefined;
  private isClosed = false;

  constructor(environment: Environment, view: ViewPlan, onInterrupt: () => void) {
    this.environment = environment;
    this.view = view;
    this.repeats = new Repeats(() => environment.elapsedMs());
    const { stdin, stdout, variables } = environment;
    this.isDumb = variables['TERM'] === 'dumb';
    this.palette = paletteFor(stdout, variables, view.colours);
    this.history = view.keepsHistory ? History.load(environment) : undefined;
    this.readline = createInterface({
      input: stdin,
      output: stdout,
      terminal: true,
      prompt: view.prompt,
      history: this.history?.newestFirst() ?? [],
      historySize: 1000,
      removeHistoryDuplicates: true,
    });
    insertAtCursor(this.readline);
    this.readline.on('SIGINT', onInterrupt);
    this.readline.on('SIGTSTP', () => environment.suspend());
    const stopListening = environment.onSuspend({ leave: () => this.leave(), comeBack: () => this.comeBack() });
    this.readline.on('line', (line) => {
      // The line that was typed is between now.
      this.erasesStatus = false;
      this.keepStatus();
      this.history?.add(line);
      // At once, so that what was pasted behind this line is shown after a prompt as well.
      this.readline.prompt();
    });
    this.readline.on('close', () => {
      stopListening();
      this.erasePrompt();
      this.isClosed = true;
      this.flush();
      this.history?.close();
    });
    this.lines = this.readline;
    if (view.isQuiet) this.readline.prompt();
    else this.print(this.palette.dim('Type /help for what can be done here, Ctrl-D or /quit to end.'));
  }

  show(message: ShownMessage, onDrained: () => void): boolean {
    const { stdout } = this.environment;
    this.print(describeMessage(message, this.view, this.palette));
    if (!stdout.writableNeedDrain) return true;
    stdout.once('drain', onDrained);
    return false;
  }

  tell(event: ConnectEvent): void {
    const { view, palette } = this;
    const isBad = event.type === 'error' || event.type === 'problem';
    const isAnswer = isBad || event.type === 'note';
    if (view.isQuiet && !isAnswer) return;
    const colour = isBad ? palette.bad : palette.dim;
    const count = countOf(event, this.repeats, view);
    if (count > 1) {
      const columns = (this.environment.stdout.columns ?? 80) - 1 - (view.withTime ? TIME_WIDTH : 0);
      const line = colour(describeRepeat(event, view, count, columns));
      if (!this.isDumb) this.replaceStatus(line);
      else if (isWorthALine(count)) this.print(line);
      return;
    }
    for (const line of describeEvent(event, view)) this.print(colour(line));
  }

  close(): void {
    this.readline.close();
  }

  private replaceStatus(line: string): void {
    this.erasesStatus ||= this.isStatusShown;
    this.status = this.stampedTime() + line;
    this.turn ??= setImmediate(() => this.flush());
  }

  private stampedTime(): string {
    return this.view.withTime ? `${this.palette.dim(timeOfDay(this.environment.now()))} ` : '';
  }

  /** Writes lines above the prompt, and the prompt with what was typed below them. */
  private print(text: string): void {
    this.keepStatus();
    this.batch += `${this.stampedTime()}${text}\n`;
    if (this.isClosed || this.batch.length > BATCH_LENGTH) this.flush();
    else this.turn ??= setImmediate(() => this.flush());
  }

  /** Other lines come below the status, so it stays. */
  private keepStatus(): void {
    if (this.status !== undefined) this.batch += `${this.status}\n`;
    this.status = undefined;
    this.isStatusShown = false;
  }

  private flush(): void {
    clearImmediate(this.turn);
    this.turn = undefined;
    const { batch, status } = this;
    if (batch === '' && status === undefined) return;
    this.batch = '';
    this.status = undefined;
    if (!this.isClosed) this.erasePrompt();
    this.environment.stdout.write(
      `${this.erasesStatus ? PREVIOUS_LINE : ''}${batch}${status === undefined ? '' : `${status}\n`}`,
    );
    this.erasesStatus = false;
    this.isStatusShown = status !== undefined;
    if (!this.isClosed) this.readline.prompt(true);
  }

  /** The shell gets the terminal as it was. */
  private leave(): void {
    this.flush();
    this.keepStatus();
    this.erasePrompt();
    this.environment.stdin.setRawMode?.(false);
  }

  private comeBack(): void {
    const { stdin } = this.environment;
    // Setting the mode that it believes to be set does nothing.
    stdin.setRawMode?.(false);
    stdin.setRawMode?.(true);
    this.keepStatus();
    this.forgetRows();
    this.readline.prompt(true);
  }

  private erasePrompt(): void {
    const { stdout } = this.environment;
    if (this.isDumb) {
      stdout.write('\n');
      return;
    }
    moveCursor(stdout, 0, -this.readline.getCursorPos().rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
    this.forgetRows();
  }

  /** Readline believes its cursor to be rows below the prompt: it would erase what is printed there now. */
  private forgetRows(): void {
    Object.assign(this.readline, { prevRows: 0 });
  }
}

/**
 * Node 20 switches this property off while it reads several characters at once, and appends them to the line wherever
 * the cursor is: what is pasted into the middle of a line would go to its end.
 */
function insertAtCursor(readline: Interface): void {
  Object.defineProperty(readline, 'isCompletionEnabled', {
    get: () => true,
    set() {},
  });
}
