import type { Environment, Output } from './environment.ts';
import { printable, widthOf } from './output.ts';
import { formatBytes, RateMeter } from './rate-meter.ts';

/** Shows how far a transfer is. */
export interface Progress {
  start(name: string, totalBytes: number): void;
  /** So many bytes are done, of all. */
  update(bytes: number): void;
  stop(): void;
  /** Runs `write`, which writes whole lines to the terminal: they appear above what is shown here. */
  above(write: () => void): void;
}

const silent: Progress = {
  start: () => undefined,
  update: () => undefined,
  stop: () => undefined,
  above: (write) => write(),
};

/** A bar on stderr when that is a terminal, and nothing otherwise. */
export function createProgress(environment: Environment, isQuiet: boolean): Progress {
  const { stderr, variables } = environment;
  if (isQuiet || stderr.isTTY !== true || variables['TERM'] === 'dumb') return silent;
  return new ProgressBar(stderr, () => environment.elapsedMs());
}

const DRAW_EVERY_MS = 100;
const MAX_BAR_WIDTH = 24;
const MIN_BAR_WIDTH = 8;
const MAX_NAME = 24;
/** Puts the cursor to the beginning of the line and erases what is there (ECMA-48: CR, EL). */
const ERASE = '\r\u001b[K';

/**
 * One line that is drawn over itself. It is shorter than the terminal is wide, so it never wraps, and no mode of the
 * terminal is changed: whatever ends the process leaves nothing to be put back.
 */
class ProgressBar implements Progress {
  private readonly output: Output;
  private readonly elapsedMs: () => number;
  private meter = new RateMeter();
  private name = '';
  private totalBytes = 0;
  private bytes = 0;
  private drawnMs = Number.NEGATIVE_INFINITY;
  private isShown = false;

  constructor(output: Output, elapsedMs: () => number) {
    this.output = output;
    this.elapsedMs = elapsedMs;
  }

  start(name: string, totalBytes: number): void {
    this.meter = new RateMeter();
    this.name = shortened(printable(name));
    this.totalBytes = totalBytes;
    this.bytes = 0;
    this.isShown = true;
    this.draw();
  }

  update(bytes: number): void {
    const nowMs = this.elapsedMs();
    this.meter.add(nowMs, bytes);
    this.bytes = bytes;
    if (this.isShown && nowMs - this.drawnMs >= DRAW_EVERY_MS) this.draw();
  }

  stop(): void {
    if (this.isShown) this.output.write(ERASE);
    this.isShown = false;
  }

  above(write: () => void): void {
    if (this.isShown) this.output.write(ERASE);
    write();
    if (this.isShown) this.draw();
  }

  private draw(): void {
    this.drawnMs = this.elapsedMs();
    // A terminal that is as wide as the line would go to the next one.
    this.output.write(`${ERASE}${this.describe((this.output.columns ?? 80) - 1)}`);
  }

  /** As much of it as there is room for. */
  private describe(columns: number): string {
    const { name, totalBytes, bytes, meter } = this;
    // All of nothing is done.
    const share = totalBytes === 0 ? 1 : Math.min(1, bytes / totalBytes);
    const percent = `${Math.floor(share * 100)}%`;
    const figures = `${percent} of ${formatBytes(totalBytes)}, ${meter.describe(totalBytes)}`;
    const width = Math.min(MAX_BAR_WIDTH, columns - widthOf(`${name} [] ${figures}`));
    const filled = Math.round(share * width);
    const bar = width < MIN_BAR_WIDTH ? '' : `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] `;
    const texts = [`${name} ${bar}${figures}`, figures, percent];
    return texts.find((text) => widthOf(text) <= columns) ?? '';
  }
}

function shortened(name: string): string {
  const characters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
  return characters.length <= MAX_NAME ? name : `…${characters.slice(1 - MAX_NAME).join('')}`;
}
