import { flag, type OptionsFor, type ValueOption, value } from '../line/command-table.ts';
import { readOneOf } from '../line/value-readers.ts';
import { json, quiet } from '../peers/shared-options.ts';
import type { ColourChoice } from '../terminal/colours.ts';

/** The options on how a command that talks shows what happens. */
export interface ViewValues {
  readonly isVerbose: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly withTime: boolean;
  readonly isRaw: boolean;
  readonly colours: ColourChoice;
}

const colours: ValueOption<ColourChoice> = value<ColourChoice>({
  long: 'color',
  placeholder: 'WHEN',
  about: 'auto, always or never; auto minds NO_COLOR and FORCE_COLOR, and whether the output is a terminal',
  read: readOneOf(['auto', 'always', 'never']),
  fallback: 'auto',
  shownDefault: 'auto',
});

export const viewOptions: OptionsFor<ViewValues> = {
  isVerbose: flag({ short: 'v', long: 'verbose', about: 'show both sides of the handshake, and every frame' }),
  isQuiet: quiet,
  isJson: json,
  withTime: flag({ short: 't', long: 'timestamps', about: 'show when something happened' }),
  isRaw: flag({ long: 'raw', about: 'leave control characters in received text as they are, even on a terminal' }),
  colours,
};
