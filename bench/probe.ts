// Answers the runner's questions from inside a measured process. Loaded by import, or with `--import` into a program
// that knows nothing of benchmarks, such as the `ws` command.
import { setTimeout as sleep } from 'node:timers/promises';

import type { Command, Report } from './messages.ts';

type Collector = () => void;

export function report(message: Report): void {
  process.send?.(message);
}

export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function collector(): Collector | undefined {
  const { gc, Bun } = globalThis as { gc?: Collector; Bun?: { gc(sync: boolean): void } };
  if (Bun !== undefined) return () => Bun.gc(true);
  return gc;
}

/** Several collections with pauses between them: weak references and freed pages need more than one turn. */
async function settledRssBytes(): Promise<number> {
  const collect = collector();
  for (let i = 0; i < 6; i++) {
    collect?.();
    await sleep(60);
  }
  return process.memoryUsage.rss();
}

function answer(command: Command): void {
  switch (command.kind) {
    case 'askUsage':
      report({ kind: 'usage', cpuMicros: cpuMicros() });
      return;
    case 'askMemory':
      void settledRssBytes().then((rssBytes) => report({ kind: 'memory', rssBytes }));
      return;
    case 'exit':
      // Not by a signal: a CPU profile is written only on a regular exit.
      process.exit(0);
      return;
    default: // 'load', 'go' and 'verify' are for the load generator, which listens for itself
  }
}

if (process.send !== undefined) {
  process.on('message', answer);
  process.on('disconnect', () => process.exit(0));
  process.on('exit', () => {
    if (process.connected) report({ kind: 'final', cpuMicros: cpuMicros() });
  });
  // A command that has done its work must still end by itself.
  process.channel?.unref();
}
