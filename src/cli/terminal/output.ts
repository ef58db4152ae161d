import type { CliError } from './cli-errors.ts';
import type { Environment, Output } from './environment.ts';

/**
 * C0 and C1 controls and DEL drive a terminal; the rest hides or reorders what is read. The joiners U+200C and U+200D
 * stay: Persian, the scripts of India and many emoji cannot be written without them.
 */
export const unprintable: RegExp =
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** Text from the network such that it can neither drive a terminal nor begin a line of its own. */
export function printable(text: string): string {
  return text.replace(unprintable, escapeCharacter);
}

/** Like {@link printable}, for texts of several lines: line ends and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(unprintable, (character) =>
    character === '\n' || character === '\t' ? character : escapeCharacter(character),
  );
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

export function writeLine(output: Output, line: string): void {
  output.write(`${line}\n`);
}

/** Writes the one line on stderr that says what failed and why, and a hint below it: the error's own comes first. */
export function reportError(environment: Environment, error: CliError, otherHint?: string): void {
  const hint = error.hint ?? otherHint;
  writeLine(environment.stderr, describeError(error));
  if (hint !== undefined) writeLine(environment.stderr, `    ${hint}`);
}

export function describeError(error: CliError): string {
  return `ws: ${printable(error.what)}: ${printable(error.message)}`;
}

/**
 * The reason of a failure, for people: the message of an error, and of anything else its text. Of an error of the
 * system, the path and what is wrong with it.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error.message === '') return String(error);
  const [, words = '', path] = /^E[A-Z0-9]+: (.+), [a-z]+(?: '(.*?)')?(?: -> '.*')?$/s.exec(error.message) ?? [];
  if (words === '') return error.message;
  return path === undefined || path === '' ? words : `${path}: ${words}`;
}

/** The reason with the file it is about, which is said once. */
export function reasonAbout(path: string, error: unknown): string {
  const reason = reasonOf(error);
  return reason.startsWith(`${path}: `) ? reason : `${path}: ${reason}`;
}

/** The columns that a text takes at the most: characters of other scripts, and signs, may take two. */
export function widthOf(text: string): number {
  return text.length + (text.match(/[^\x20-\x7e]/gu)?.length ?? 0);
}

/** The beginning of a text, so that it fits into one line of a terminal. */
export function cutToWidth(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let result = '';
  for (const character of text) {
    if (widthOf(result) + widthOf(character) + 2 > columns) break;
    result += character;
  }
  return `${result}…`;
}
