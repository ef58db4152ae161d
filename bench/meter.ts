import { cpuMicros, report } from './probe.ts';

/**
 * Counts received messages in a measured client: the first `warmCount` only warm it up; CPU and time are taken between
 * that message and the last one, where the process reports and exits.
 */
export function createMeter(warmCount: number, count: number): (length: number) => void {
  const total = warmCount + count;
  let messages = 0;
  let bytes = 0;
  let startCpu = cpuMicros();
  let startMs = performance.now();
  return (length) => {
    // Without a use of the length, the decoding before it could be left out by an optimiser.
    bytes += length;
    messages += 1;
    if (messages === warmCount) {
      startCpu = cpuMicros();
      startMs = performance.now();
    } else if (messages === total) {
      const ms = performance.now() - startMs;
      const cpu = cpuMicros() - startCpu;
      if (bytes < total) throw new Error('empty messages were received');
      report({ kind: 'done', count, ms, cpuMicros: cpu });
    }
  };
}

/** The arguments of every receiving client: port, messages to warm up with, messages to measure. */
export function meterArguments(): { readonly url: string; readonly meter: (length: number) => void } {
  const [port, warmCount, count] = process.argv.slice(2).map(Number);
  if (port === undefined || warmCount === undefined || count === undefined) throw new Error('missing arguments');
  return { url: `ws://127.0.0.1:${port}/${warmCount + count}`, meter: createMeter(warmCount, count) };
}
