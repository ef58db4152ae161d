import { UsageError } from '../errors.ts';
import type { Option } from './option-kinds.ts';
import { describe } from './options.ts';
import { findSimilarName } from './similar-name.ts';

/**
 * Options as they are used: the documented interface `O` with nothing absent but those in `Absent`, which have no
 * default. Those in `Read` are read, and are of the type that they have there.
 */
export type Resolved<O, Absent extends keyof O = never, Read = unknown> = {
  -readonly [K in keyof O]-?: K extends keyof Read ? Read[K] : K extends Absent ? O[K] : Exclude<O[K], undefined>;
};

/** A line for each option. */
export type OptionLines<R> = { readonly [K in keyof R]-?: Option<R[K]> };

/** The names of options in other libraries, browsers and tools, each with its name here, or with a sentence. */
export type ForeignNames = Readonly<Record<string, string>>;

interface TableExtras {
  /** Put before the names of options in messages. */
  readonly path?: string;
  readonly foreign?: ForeignNames;
  /** An object as it is right, for those who give something else. */
  readonly example?: string;
}

/** All options of one object, `owner` in messages. */
export interface OptionTable<R> extends TableExtras {
  readonly owner: string;
  readonly lines: OptionLines<R>;
  readonly defaults: Readonly<R>;
}

export function optionTable<R extends object>(
  owner: string,
  lines: OptionLines<R>,
  extras: TableExtras = {},
): OptionTable<R> {
  const entries = Object.entries<Option<unknown>>(lines).map(([name, { fallback }]) => [name, fallback]);
  return { owner, lines, defaults: Object.freeze(Object.fromEntries(entries) as R), ...extras };
}

/**
 * Checked options, all defaults filled in. `undefined` and `null` stand for an option that is not given.
 *
 * @throws UsageError (`invalidOption`) naming the first that is wrong or unknown: a mistyped option would otherwise be
 *   a default in disguise
 */
export function resolveOptions<R extends object>(table: OptionTable<R>, given: unknown): R {
  return setOptions(table, { ...table.defaults }, given);
}

/** Of the same, those that are given. */
export function checkOptions<R extends object>(table: OptionTable<R>, given: unknown): Partial<R> {
  return setOptions<R, Partial<R>>(table, {}, given);
}

function setOptions<R extends object, T extends Partial<R>>(table: OptionTable<R>, target: T, given: unknown): T {
  const set: Partial<R> = target;
  if (!isObject(given)) throw noObject(table, given);
  for (const name of Object.keys(given)) {
    if (!isNameIn(table, name)) throw unknownOption(table, name);
    set[name] = resolveOption(table, name, given[name]);
  }
  return target;
}

/** The value of one option. */
export function resolveOption<R, K extends keyof R & string>(table: OptionTable<R>, name: K, value: unknown): R[K] {
  return value === undefined || value === null ? table.lines[name].fallback : checkOption(table, name, value);
}

/** The same for a setter, which has to be given one. */
export function checkOption<R, K extends keyof R & string>(table: OptionTable<R>, name: K, value: unknown): R[K] {
  return table.lines[name].check(`${table.path ?? ''}${name}`, value);
}

/** The table of the options that belong to one option of another table, `name`. */
export function under<R>(name: string, table: OptionTable<R>): OptionTable<R> {
  return { ...table, owner: name, path: `${name}.` };
}

/** Foreign names, several of which may have the same answer, and are separated by spaces then. */
export function foreignNames(byAnswer: Readonly<Record<string, string>>): ForeignNames {
  return Object.fromEntries(
    Object.entries(byAnswer).flatMap(([answer, names]) => names.split(' ').map((name) => [name, answer])),
  );
}

/** The options of another table, and foreign names for them, in a table that has it as its option `name`. */
export function foreignUnder<R extends object>(name: string, { lines, foreign = {} }: OptionTable<R>): ForeignNames {
  const own = Object.keys(lines).map((known) => [known, known]);
  return Object.fromEntries(
    [...own, ...Object.entries(foreign)].map(([other = '', answer = '']) => [
      other,
      answer.includes(' ') ? answer : `${name}.${answer}`,
    ]),
  );
}

function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function noObject<R extends object>({ owner, example }: OptionTable<R>, given: unknown): UsageError {
  const such = example === undefined ? '' : ` such as ${example}`;
  return new UsageError('options', `of ${owner} must be an object${such}, got ${describe(given)}`);
}

function isNameIn<R>({ lines }: OptionTable<R>, name: string): name is keyof R & string {
  return Object.hasOwn(lines, name);
}

function unknownOption<R extends object>({ owner, lines, foreign = {} }: OptionTable<R>, name: string): UsageError {
  return new UsageError(name, `is not an option of ${owner}${hintFor(name, Object.keys(lines), foreign)}`);
}

function hintFor(name: string, known: readonly string[], foreign: ForeignNames): string {
  const answer = Object.hasOwn(foreign, name) ? foreign[name] : findSimilarName(name, known);
  if (answer === undefined) return '';
  return answer.includes(' ') ? `; ${answer}` : `; did you mean '${answer}'?`;
}
