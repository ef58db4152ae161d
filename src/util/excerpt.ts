/** Characters that end a line, drive a terminal, or change how what stands beside them is read. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A cut may go through a character of two units. */
const HALF_AT_END = /[\ud800-\udbff]$/;

/** Text of a peer's for a message of ours: characters that do something are escaped, and it ends after `most`. */
export function excerpt(text: string, most = 64): string {
  const shown = text.length > most ? `${text.slice(0, most).replace(HALF_AT_END, '')}…` : text;
  return shown.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
