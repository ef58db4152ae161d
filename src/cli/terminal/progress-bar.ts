import type { Environment } from './environment.ts';
import { printable } from './output.ts';

/** Shows how far a transfer is. */
export interface Progress {
  start(name: string, totalBytes: number): void;
  /** So many bytes are done, of all. */
  update(bytes: number): void;
  stop(): void;
}

const silent: Progress = { start: () => undefined, update: () => undefined, stop: () => undefined };

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** A number of bytes for people, in steps of 1000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** A number of seconds as `m:ss`, or `h:mm:ss`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const pad = (number: number): string => String(number).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${pad(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(whole % 60)}`;
}

/**
 * Measures a rate over the last few seconds, and what is left at that rate.
 */
export class RateMeter {
  private readonly samples: { readonly ms: number; readonly bytes: number }[] = [];

  add(ms: number, bytes: number): void {
    const { samples } = this;
    const last = samples.at(-1);
    // After a cut less is done than was.
    if (last !== undefined && bytes < last.bytes) samples.length = 0;
    if (samples.length > 1 && last !== undefined && ms - (samples.at(-2)?.ms ?? 0) < 100) samples.pop();
    samples.push({ ms, bytes });
    while (samples.length > 2 && ms - (samples[0]?.ms ?? ms) > WINDOW_MS) samples.shift();
  }

  /** Bytes in a second; 0 as long as it is not known. */
  get perSecond(): number {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (first === undefined || last === undefined || last.ms === first.ms) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.ms - first.ms);
  }

  describe(totalBytes: number): string {
    const rate = this.perSecond;
    const left = totalBytes - (this.samples.at(-1)?.bytes ?? 0);
    return `${formatBytes(rate)}/s, ${rate > 0 ? formatSeconds(left / rate) : '-:--'} left`;
  }
}

const WINDOW_MS = 5000;

/** A bar on stderr when that is a terminal, and nothing otherwise. */
export async function createProgress(environment: Environment, isQuiet: boolean): Promise<Progress> {
  const { stderr } = environment;
  if (isQuiet || stderr.isTTY !== true) return silent;
  const { default: cliProgress } = await import('cli-progress');
  let meter = new RateMeter();
  let total = 0;
  const bar = new cliProgress.SingleBar(
    {
      stream: stderr,
      format: (_options, { progress }, payload: { readonly name: string; readonly bytes: number }) => {
        const width = 24;
        const filled = Math.round(Math.min(1, progress) * width);
        const percent = Math.floor(Math.min(1, progress) * 100);
        const shown = `${'#'.repeat(filled)}${'.'.repeat(width - filled)}`;
        return `${payload.name} [${shown}] ${percent}% of ${formatBytes(total)}, ${meter.describe(total)}`;
      },
      hideCursor: true,
      clearOnComplete: true,
      // Signals are the command's own.
      gracefulExit: false,
    },
    cliProgress.Presets.legacy,
  );
  return {
    start(name, totalBytes) {
      meter = new RateMeter();
      total = totalBytes;
      // With a total of 0 there would be no progress to show.
      bar.start(Math.max(1, totalBytes), 0, { name: shortened(printable(name)), bytes: 0 });
    },
    update(bytes) {
      meter.add(environment.elapsedMs(), bytes);
      bar.update(bytes);
    },
    stop: () => bar.stop(),
  };
}

const MAX_NAME = 24;

function shortened(name: string): string {
  const characters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
  return characters.length <= MAX_NAME ? name : `…${characters.slice(1 - MAX_NAME).join('')}`;
}
