import { WrongUsage } from '../terminal/cli-errors.ts';
import { type AnyTable, BadValue, type OptionSpec } from './command-table.ts';

/** The words typed for one command: arguments in order, and options by their key in the table. */
export interface Typed {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
}

/** Reads everything that was typed and fills in the defaults; throws {@link WrongUsage} naming what is wrong. */
export function readValues(table: AnyTable, typed: Typed): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [index, [key, argument]] of Object.entries(table.arguments).entries()) {
    const text = typed.arguments[index];
    if (argument.isList === true) {
      values[key] = typed.arguments
        .slice(index)
        .map((word) => readOne(table, argument.placeholder, argument.read, word));
    } else if (text === undefined && argument.isOptional === true) values[key] = undefined;
    else values[key] = readOne(table, argument.placeholder, argument.read, text ?? '');
  }
  for (const [key, option] of Object.entries(table.options)) {
    values[key] = readOption(table, option, typed.options[key]);
  }
  return values;
}

function readOption(table: AnyTable, option: OptionSpec, typed: Typed['options'][string]): unknown {
  const read = (text: string): unknown =>
    option.kind === 'flag' ? true : readOne(table, `--${option.long}`, option.read, text);
  switch (option.kind) {
    case 'flag':
      return typed === true;
    case 'value':
      return typeof typed === 'string' ? read(typed) : option.fallback;
    case 'list':
      return Array.isArray(typed) ? typed.map(read) : [];
    default:
      return option satisfies never;
  }
}

function readOne(table: AnyTable, what: string, read: (text: string) => unknown, text: string): unknown {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof BadValue) throw new WrongUsage(table.name, `${what} ${error.message}`);
    throw error;
  }
}
