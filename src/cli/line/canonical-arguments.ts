import { type AnyTable, globalOptions, type OptionSpec } from './command-table.ts';

const withDashes = (name: string): string => name.replaceAll('_', '-');

/**
 * Gives commands and options the spelling that they have in the tables: dashes and underscores inside their names
 * are the same to users. Values of options stay as they are, even when they look like an option.
 */
export function canonicalArguments(argv: readonly string[], tables: readonly AnyTable[]): string[] {
  const commands = new Map(tables.map(({ name }) => [withDashes(name), name]));
  let { longNames, takingValue } = namesOf(undefined);
  const result: string[] = [];
  let words = 0;
  let isValue = false;
  for (const [index, text] of argv.entries()) {
    if (isValue) {
      result.push(text);
      isValue = false;
    } else if (text === '--') {
      result.push(...argv.slice(index));
      break;
    } else if (text.startsWith('--')) {
      const [, name = '', rest = ''] = /^--([^=]*)(.*)$/s.exec(text) ?? [];
      const canonical = `--${longNames.get(withDashes(name)) ?? name}`;
      result.push(canonical + rest);
      isValue = rest === '' && takingValue.has(canonical);
    } else if (text.startsWith('-') && text !== '-') {
      result.push(text);
      isValue = takingValue.has(text);
    } else {
      // The name of a command is the first word, or the second one after `help`.
      const isCommand = words === 0 || (words === 1 && result[0] === 'help');
      const word = isCommand ? (commands.get(withDashes(text)) ?? text) : text;
      if (words === 0) ({ longNames, takingValue } = namesOf(tables.find(({ name }) => name === word)));
      result.push(word);
      words++;
    }
  }
  return result;
}

/** The options that may follow: those of a command, and those that all of them have. */
function namesOf(table: AnyTable | undefined): {
  readonly longNames: ReadonlyMap<string, string>;
  readonly takingValue: ReadonlySet<string>;
} {
  const options = [...Object.values<OptionSpec>(globalOptions), ...Object.values(table?.options ?? {})];
  const longNames = options.flatMap(({ long, aliases = [] }) =>
    [long, ...aliases].map((name) => [withDashes(name), long] as const),
  );
  const valued = options.filter(({ kind }) => kind !== 'flag');
  return {
    longNames: new Map(longNames),
    takingValue: new Set(valued.flatMap(({ short, long }) => [`--${long}`, `-${short ?? ''}`])),
  };
}
