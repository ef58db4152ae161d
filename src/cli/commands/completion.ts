import type { Command } from '../command.ts';
import { manPage } from '../completion/man-page.ts';
import { completionScript } from '../completion/scripts.ts';
import { wordsOf } from '../completion/words.ts';
import { ExitCode } from '../exit-codes.ts';
import type { AnyTable } from '../options.ts';
import type { CompletionValues } from '../tables/completion.ts';
import type { ManValues } from '../tables/man.ts';
import { packageVersion } from '../version.ts';

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
