import { UsageError } from '../../errors.ts';
import { logCallbackError } from '../../platform/callback-errors.ts';
import { type EndSignal, exitBySignal, exitInOrder, listenToSignals } from '../../platform/process-signals.ts';
import { throwOnFreshStack } from '../../platform/turn.ts';
import { callback, flag, option } from '../../util/option-kinds.ts';
import { type OptionTable, optionTable, type Resolved, resolveOptions } from '../../util/option-table.ts';
import { checkOneOf } from '../../util/options.ts';
import { checkStagger, type ShutdownOptions, type ShutdownReport, shutdownLines } from './shutdown.ts';

/** The options of {@link shutdownOnSignals}. */
export interface ShutdownOnSignalsOptions extends Omit<ShutdownOptions, 'signal'> {
  /**
   * The signals to listen to.
   * @default ['SIGTERM', 'SIGINT']
   */
  readonly signals?: readonly EndSignal[] | undefined;
  /**
   * True to end the process after the shutdown: with 0, and after a second signal with 128 and its number.
   * @default true
   */
  readonly exit?: boolean | undefined;
  /** Gets the report of the shutdown. What it returns is awaited before the process ends. */
  readonly onShutdown?: ((report: ShutdownReport) => unknown) | undefined;
}

/** A server that can be shut down. */
export interface CanShutDown {
  shutdown(options: ShutdownOptions): Promise<ShutdownReport>;
}

const endSignals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGBREAK', 'SIGUSR2'] as const;

const { signal: _, ...lines } = shutdownLines;

const signalsTable: OptionTable<Resolved<ShutdownOnSignalsOptions, 'staggerMs' | 'onShutdown'>> = optionTable(
  'shutdownOnSignals()',
  {
    ...lines,
    signals: option<readonly EndSignal[]>(['SIGTERM', 'SIGINT'], checkSignals),
    exit: flag(true),
    onShutdown: callback(),
  },
);

function checkSignals(name: string, value: unknown): readonly EndSignal[] {
  if (!Array.isArray(value) || value.length === 0) throw new UsageError(name, 'must be an array of signals');
  return value.map((signal) => checkOneOf(name, signal, endSignals));
}

/**
 * Shuts a server down when the process is asked to end, and ends the process then. A second signal cuts off what is
 * left; a third one finds nobody listening any more.
 *
 * @returns listens no longer
 * @throws UsageError (`invalidOption`) naming the option that is wrong
 *
 * @example
 * shutdownOnSignals(server, { deadlineMs: 25_000 });
 */
export function shutdownOnSignals(server: CanShutDown, options: ShutdownOnSignalsOptions = {}): () => void {
  const { signals, exit, onShutdown, ...how } = resolveOptions(signalsTable, options);
  checkStagger(how);

  let isUnderWay = false;
  const ender = new AbortController();
  const stopListening = listenToSignals(signals, (signal) => {
    if (isUnderWay) {
      stopListening();
      void cutOff(signal);
    } else {
      isUnderWay = true;
      void shutDown();
    }
  });
  let shutdown: Promise<unknown> = Promise.resolve();
  const shutDown = async (): Promise<void> => {
    const reporting = server.shutdown({ ...how, signal: ender.signal });
    shutdown = reporting;
    try {
      const report = await reporting;
      await onShutdown?.(report);
    } catch (error) {
      // The process is to end: it ends as one does that failed.
      if (exit) throwOnFreshStack(error);
      else logCallbackError(error);
      return;
    } finally {
      stopListening();
    }
    if (exit && !ender.signal.aborted) exitInOrder();
  };
  const cutOff = async (signal: EndSignal): Promise<void> => {
    ender.abort();
    await shutdown.catch(() => undefined);
    if (exit) exitBySignal(signal);
  };
  return stopListening;
}
