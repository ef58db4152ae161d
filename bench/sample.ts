/** One round of one subject. */
export interface Sample {
  /** CPU time of the measured process for one message or connection. */
  readonly cpuMicros?: number;
  readonly perSecond?: number;
  readonly memoryBytes?: number;
  /** Share of the elapsed time that the measured process was on the CPU; well below 1, something else was the limit. */
  readonly busy?: number;
  /** The same for the load generator. */
  readonly loadBusy?: number;
}

export function sampleOf(done: { readonly count: number; readonly ms: number; readonly cpuMicros: number }): Sample {
  return {
    cpuMicros: done.cpuMicros / done.count,
    perSecond: (done.count / done.ms) * 1000,
    busy: done.cpuMicros / 1000 / done.ms,
  };
}

/**
 * A loaded server with time to spare, while the generator had time too, waited for something that is not part of the
 * benchmark: other programs had the processor. Its CPU time counts, its throughput does not.
 */
export function isDisturbed({ busy, loadBusy }: Sample): boolean {
  return busy !== undefined && loadBusy !== undefined && Math.max(busy, loadBusy) < 0.8;
}
