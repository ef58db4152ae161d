import type { ConnectEvent, ShownMessage } from '../conversation/events.ts';
import type { Line } from '../conversation/outbox.ts';
import type { Screen } from '../conversation/screen.ts';
import { isWorthALine, Repeats } from '../peers/repeats.ts';
import { type Palette, paletteFor } from '../terminal/colours.ts';
import type { Environment } from '../terminal/environment.ts';
import { writeLine } from '../terminal/output.ts';
import { timeOfDay } from '../terminal/time-of-day.ts';
import { countOf, describeEvent, describeRepeat } from './event-text.ts';
import { closeInput, inputLines } from './input-lines.ts';
import { describeMessage, pipedMessage } from './payload-text.ts';
import type { ViewPlan } from './view-plan.ts';

/** Payloads alone go to stdout, for the next program in the pipe; the rest is for people and goes to stderr. */
export class PipeScreen implements Screen {
  readonly isInteractive = false;
  readonly lines: AsyncIterable<Line>;
  private readonly environment: Environment;
  private readonly view: ViewPlan;
  private readonly palette: Palette;
  private readonly eventPalette: Palette;
  private readonly repeats: Repeats;

  constructor(environment: Environment, view: ViewPlan, given: readonly string[]) {
    const { stdout, stderr, variables } = environment;
    this.environment = environment;
    this.view = view;
    this.repeats = new Repeats(() => environment.elapsedMs());
    this.lines = inputLines(environment, given);
    this.palette = paletteFor(stdout, variables, view.colours);
    this.eventPalette = paletteFor(stderr, variables, view.colours);
  }

  show(message: ShownMessage, onDrained: () => void): boolean {
    const { environment, view } = this;
    const { stdout } = environment;
    const time = view.withTime ? `${timeOfDay(environment.now())} ` : '';
    if (stdout.isTTY !== true) for (const part of pipedMessage(message, view, time)) stdout.write(part);
    else if (view.binaryOutput === 'raw' && typeof message.payload !== 'string') stdout.write(message.payload);
    else writeLine(stdout, `${this.palette.dim(time)}${describeMessage(message, view, this.palette)}`);
    if (!stdout.writableNeedDrain) return true;
    stdout.once('drain', onDrained);
    return false;
  }

  tell(event: ConnectEvent): void {
    const { environment, view, eventPalette } = this;
    const isBad = event.type === 'error' || event.type === 'problem';
    if (view.isQuiet && !isBad) return;
    const count = environment.stderr.isTTY === true ? countOf(event, this.repeats, view) : 1;
    if (!isWorthALine(count)) return;
    const time = view.withTime ? `${timeOfDay(environment.now())} ` : '';
    const lines = count === 1 ? describeEvent(event, view) : [describeRepeat(event, view, count, Number.MAX_VALUE)];
    for (const line of lines) {
      writeLine(environment.stderr, (isBad ? eventPalette.bad : eventPalette.dim)(time + line));
    }
  }

  close(): void {
    closeInput(this.environment);
  }
}
