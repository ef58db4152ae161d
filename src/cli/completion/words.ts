import { type AnyTable, globalOptions, type OptionSpec } from '../line/command-table.ts';

/** An option as a shell has to know it. */
export interface OptionWords {
  /** With their dashes, the long name last. */
  readonly names: readonly string[];
  readonly about: string;
  /** The placeholder of the value in the help; `undefined` when the option takes none. */
  readonly placeholder: string | undefined;
  readonly value: 'none' | 'file' | 'folder' | 'other';
}

/** A command as a shell has to know it. */
export interface CommandWords {
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionWords[];
  /** True when its arguments, or some of them, are files. */
  readonly takesFiles: boolean;
  /** The words its argument may be, where those are few. */
  readonly choices: readonly string[];
}

const help: OptionWords = { names: ['-h', '--help'], about: 'show the help', placeholder: undefined, value: 'none' };

/** All words that may be completed; what the help hides stays hidden. */
export function wordsOf(tables: readonly AnyTable[]): readonly CommandWords[] {
  const commands = tables.map((table) => ({
    name: table.name,
    about: table.summary,
    options: [...optionsOf(Object.values(table.options)), ...optionsOf(Object.values(globalOptions)), help],
    takesFiles: Object.values(table.arguments).some(({ placeholder }) => /^(file|path)$/.test(placeholder)),
    choices: table.name === 'completion' ? ['bash', 'zsh', 'fish'] : [],
  }));
  const about = 'show the help of a command';
  const names = tables.map(({ name }) => name);
  return [...commands, { name: 'help', about, options: [], takesFiles: false, choices: names }];
}

function optionsOf(specs: readonly OptionSpec[]): readonly OptionWords[] {
  return specs
    .filter(({ isHidden }) => isHidden !== true)
    .map((spec) => {
      const placeholder = spec.kind === 'flag' ? undefined : spec.placeholder;
      return {
        names: [...(spec.short === undefined ? [] : [`-${spec.short}`]), `--${spec.long}`],
        about: spec.about,
        placeholder,
        value: valueOf(placeholder),
      };
    });
}

function valueOf(placeholder: string | undefined): OptionWords['value'] {
  if (placeholder === undefined) return 'none';
  if (placeholder === 'FILE') return 'file';
  return placeholder === 'FOLDER' ? 'folder' : 'other';
}
