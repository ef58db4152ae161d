import type { Command } from '../line/command.ts';
import type { AnyTable } from '../line/command-table.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { packageVersion } from '../terminal/version.ts';
import { manPage } from './man-page.ts';
import type { ManValues } from './man-table.ts';
import { completionScript } from './scripts.ts';
import type { CompletionValues } from './table.ts';
import { wordsOf } from './words.ts';

/** `ws completion`, for the commands of `tables`. */
export function createCompletion(tables: readonly AnyTable[]): Command<CompletionValues, string> {
  return {
    plan: ({ shell }) => completionScript(shell, wordsOf(tables)),
    execute(script, { stdout }) {
      stdout.write(script);
      return Promise.resolve(ExitCode.Done);
    },
  };
}

/** `ws man`, for the commands of `tables`. */
export function createMan(tables: readonly AnyTable[]): Command<ManValues, string> {
  return {
    plan: () => manPage(tables, wordsOf(tables), packageVersion()),
    execute(page, { stdout }) {
      stdout.write(page);
      return Promise.resolve(ExitCode.Done);
    },
  };
}
