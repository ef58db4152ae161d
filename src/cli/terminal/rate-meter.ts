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

/** Measures a rate over the last few seconds, and what is left at that rate. */
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
