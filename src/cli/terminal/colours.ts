import type { Output } from './environment.ts';

export type ColourChoice = 'auto' | 'always' | 'never';

/** Puts colour around a text, or leaves it as it is. */
export type Paint = (text: string) => string;

/** A colour for each purpose. */
export interface Palette {
  readonly isColoured: boolean;
  /** Things that matter less. */
  readonly dim: Paint;
  /** Things that went wrong. */
  readonly bad: Paint;
  /** The source of a message. */
  readonly from: Paint;
  readonly name: Paint;
  readonly text: Paint;
  readonly number: Paint;
  readonly word: Paint;
}

const paint =
  (begin: number, end: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${begin}m${text}\u001b[${end}m`;

const plain: Paint = (text) => text;

/** The sixteen colours of every terminal, so that they follow its theme. */
const coloured: Palette = {
  isColoured: true,
  dim: paint(2, 22),
  bad: paint(31, 39),
  from: paint(36, 39),
  name: paint(34, 39),
  text: paint(32, 39),
  number: paint(33, 39),
  word: paint(35, 39),
};

const colourless: Palette = {
  isColoured: false,
  dim: plain,
  bad: plain,
  from: plain,
  name: plain,
  text: plain,
  number: plain,
  word: plain,
};

/** The palette for `output`. An option comes first, then `NO_COLOR`, `FORCE_COLOR` and what it is. */
export function paletteFor(
  output: Output,
  variables: Readonly<Record<string, string | undefined>>,
  choice: ColourChoice,
): Palette {
  return isColoured(output, variables, choice) ? coloured : colourless;
}

function isColoured(
  output: Output,
  variables: Readonly<Record<string, string | undefined>>,
  choice: ColourChoice,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  if ((variables['NO_COLOR'] ?? '') !== '') return false;
  const forced = variables['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return output.isTTY === true && variables['TERM'] !== 'dumb';
}
