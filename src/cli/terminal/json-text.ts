import type { Palette } from './colours.ts';
import { unprintable } from './output.ts';

/** Beyond this nobody reads it, and nested deeper than that the indentation alone would be most of it. */
const MAX_LENGTH = 256 * 1024;
const MAX_DEPTH = 64;

const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+|[{}[\],:]/g;

/**
 * JSON text with one member a line, in colours. Numbers and repeated names stay as they were written, so it is the
 * text that is arranged and not the value behind it.
 *
 * @returns `undefined` for everything that is no JSON object or array
 */
export function arrangeJson(text: string, palette: Palette): string | undefined {
  if (text.length > MAX_LENGTH || !/^\s*[{[]/.test(text) || !isJson(text)) return undefined;
  const tokens = text.match(token) ?? [];
  let depth = 0;
  let result = '';
  for (const [index, part] of tokens.entries()) {
    const next = tokens[index + 1];
    if (part === '{' || part === '[') {
      if (++depth > MAX_DEPTH) return undefined;
      result += next === '}' || next === ']' ? part : `${part}\n${'  '.repeat(depth)}`;
    } else if (part === '}' || part === ']') {
      depth--;
      const before = tokens[index - 1];
      result += before === '{' || before === '[' ? part : `\n${'  '.repeat(depth)}${part}`;
    } else if (part === ',') result += `,\n${'  '.repeat(depth)}`;
    else if (part === ':') result += ': ';
    else result += colour(printableJson(part), next === ':', palette);
  }
  return result;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function colour(part: string, isName: boolean, palette: Palette): string {
  if (isName) return palette.name(part);
  if (part.startsWith('"')) return palette.text(part);
  return /^[-\d]/.test(part) ? palette.number(part) : palette.word(part);
}

/** JSON for one line of output: nothing in it drives a terminal, and it reads as the same value. */
export function toJsonLine(value: unknown): string {
  return printableJson(JSON.stringify(value));
}

/** Outside of strings JSON has nothing that is escaped here. */
function printableJson(text: string): string {
  return text.replace(unprintable, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** To a thousandth, as exactly as such times are known. */
export function roundedMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1000;
}
