/**
 * Options as data: the parser, the help, the completions and the man page are made from one table for each
 * sub-command.
 */
interface OptionNames {
  /** One letter, without its dash. */
  readonly short?: string;
  /** Without its dashes; dashes and underscores inside are the same to users. */
  readonly long: string;
  /** Other long names for it, without their dashes; the help does not show them. */
  readonly aliases?: readonly string[];
  /** For the help: what it does, without a full stop. */
  readonly about: string;
  /** Left out of the help. */
  readonly isHidden?: boolean;
}

/** Present or not. */
export interface FlagOption extends OptionNames {
  readonly kind: 'flag';
}

/** Takes one value. */
export interface ValueOption<T> extends OptionNames {
  readonly kind: 'value';
  readonly placeholder: string;
  /** Turns what was typed into a value; throws {@link BadValue}. */
  readonly read: (text: string) => T;
  readonly fallback: T;
  /** The default as the help shows it, where there is one worth showing. */
  readonly shownDefault?: string;
}

/** May be given several times. */
export interface ListOption<T> extends OptionNames {
  readonly kind: 'list';
  readonly placeholder: string;
  readonly read: (text: string) => T;
}

export type OptionSpec = FlagOption | ValueOption<unknown> | ListOption<unknown>;

/** A word without dashes, in the order of the table. */
export interface ArgumentSpec<T> {
  readonly placeholder: string;
  readonly about: string;
  readonly read: (text: string) => T;
  /** May be left out, and is `undefined` then. Only the last ones may. */
  readonly isOptional?: boolean;
}

/** Words that may be as many as one likes, but at least one: the last argument of a command. */
export interface ListArgumentSpec<T> extends ArgumentSpec<T> {
  readonly isList: true;
}

type ArgumentFor<T> = [T] extends [readonly (infer E)[]] ? ListArgumentSpec<E> : ArgumentSpec<T>;

type OptionFor<T> = [T] extends [boolean]
  ? FlagOption
  : [T] extends [readonly (infer E)[]]
    ? ListOption<E>
    : ValueOption<T>;

/** The options whose values are `V`, by the same keys. */
export type OptionsFor<V> = { readonly [K in keyof V]: OptionFor<V[K]> };

/** Options that every command has: they are about the program. */
export const globalOptions: { readonly logfile: ValueOption<string | undefined> } = {
  logfile: {
    kind: 'value',
    long: 'logfile',
    placeholder: 'FILE',
    about: 'write log lines to this file',
    read: (text) => text,
    fallback: undefined,
  },
};

/** Usage and, for the help, what that does. */
export type Example = readonly [command: string, about: string];

/**
 * All that the command line knows about a sub-command before it runs: `V` are the values it is run with, and those
 * named by `A` are arguments rather than options.
 */
export interface CommandTable<V, A extends keyof V = never> {
  readonly name: string;
  readonly summary: string;
  /** The help begins with them. */
  readonly examples: readonly Example[];
  readonly arguments: { readonly [K in A]: ArgumentFor<V[K]> };
  readonly options: OptionsFor<Omit<V, A>>;
}

/** A table of which only the data matters. */
export interface AnyTable {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly Example[];
  readonly arguments: Readonly<Record<string, ArgumentSpec<unknown> & { readonly isList?: true }>>;
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** A value that cannot be read; the message says what would be right. */
export class BadValue extends Error {}

export function flag(option: Omit<FlagOption, 'kind'>): FlagOption {
  return { kind: 'flag', ...option };
}

export function value<T>(option: Omit<ValueOption<T>, 'kind'>): ValueOption<T> {
  return { kind: 'value', ...option };
}

export function list<T>(option: Omit<ListOption<T>, 'kind'>): ListOption<T> {
  return { kind: 'list', ...option };
}
