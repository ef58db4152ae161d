import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkSignal,
  checkString,
  type NumberRange,
} from './options.ts';

/** The unit of an option's figure. */
export type OptionUnit = 'bytes' | 's' | 'ms' | 'count';

/** One line of a table of options: the check of what is given, the value when nothing is, and the unit of a figure. */
export interface Option<T> {
  /** Returns the value to use; throws `UsageError` with `name` in front. */
  readonly check: (name: string, value: unknown) => T;
  readonly fallback: T;
  readonly unit?: OptionUnit | undefined;
}

/** The most that a timer of Node's can wait; one that is given more fires at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

const timerSecs: NumberRange = { min: 0.001, max: MAX_TIMER_MS / 1000 };

/** Any option: `check` may also return something else than it was given. */
export function option<T>(fallback: T, check: (name: string, value: unknown) => T, unit?: OptionUnit): Option<T> {
  return { check, fallback, unit };
}

export function integer<F extends number | undefined>(
  fallback: F,
  range: NumberRange,
  unit?: OptionUnit,
): Option<number | F> {
  return option<number | F>(fallback, (name, value) => checkInteger(name, value, range), unit);
}

export function fraction<F extends number | undefined>(
  fallback: F,
  range: NumberRange,
  unit?: OptionUnit,
): Option<number | F> {
  return option<number | F>(fallback, (name, value) => checkNumber(name, value, range), unit);
}

export function count<F extends number | undefined>(fallback: F, range: NumberRange = { min: 1 }): Option<number | F> {
  return integer(fallback, range, 'count');
}

export function bytes<F extends number | undefined>(fallback: F, range: NumberRange = { min: 1 }): Option<number | F> {
  return integer(fallback, range, 'bytes');
}

/** A time that a timer can wait. */
export function seconds<F extends number | undefined>(fallback: F): Option<number | F> {
  return fraction(fallback, timerSecs, 's');
}

/** The same, or -1. */
export function secondsOrNever(fallback: number): Option<number> {
  return option(fallback, (name, value) => (value === -1 ? -1 : checkNumber(name, value, timerSecs)), 's');
}

export function milliseconds<F extends number | undefined>(fallback: F, min = 0): Option<number | F> {
  return integer(fallback, { min, max: MAX_TIMER_MS }, 'ms');
}

export function flag<F extends boolean | undefined>(fallback: F): Option<boolean | F> {
  return option<boolean | F>(fallback, checkBoolean);
}

export function text<F extends string | undefined>(fallback: F): Option<string | F> {
  return option<string | F>(fallback, checkString);
}

export function choice<const T extends string | number | boolean, F extends T | undefined>(
  fallback: F,
  allowed: readonly T[],
): Option<T | F> {
  return option<T | F>(fallback, (name, value) => checkOneOf(name, value, allowed));
}

/** The type of the function is the caller's word. */
export function callback<T extends (...args: never) => unknown>(): Option<T | undefined> {
  return option<T | undefined>(undefined, (name, value) => checkFunction(name, value as T));
}

/** Whatever is given; it is checked where it is used. */
export function unchecked<T>(): Option<T | undefined> {
  return option<T | undefined>(undefined, (_, value) => value as T);
}

export function signal(): Option<AbortSignal | undefined> {
  return option<AbortSignal | undefined>(undefined, checkSignal);
}
