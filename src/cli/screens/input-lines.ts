import type { Line } from '../conversation/outbox.ts';
import type { Environment } from '../terminal/environment.ts';
import { splitLines } from '../terminal/files/split-lines.ts';

/** The lines that are given, or else those of the input. */
export function inputLines(environment: Environment, given: readonly string[]): AsyncIterable<Line> {
  return given.length > 0 ? fromList(given) : splitLines(environment.stdin);
}

async function* fromList(lines: readonly string[]): AsyncGenerator<Line, void, undefined> {
  yield* lines;
}

/** Gives up the input, which then holds up the end of the process no longer. */
export function closeInput(environment: Environment): void {
  environment.stdin.destroy();
}
