import { UsageError } from '../errors.ts';

/** The least and the most that a number may be, both of them allowed. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

/**
 * Checks of options, made once, when an object is built. They return the value, never convert it, and never show
 * a string they refuse: what was put into the wrong option may be a secret.
 */
export function checkInteger(name: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || !isWithin(value, range)) {
    throw new UsageError(name, `must be an integer${describeRange(range)}, got ${describe(value)}`);
  }
  return value;
}

/** Fractions are welcome; NaN and the infinities are not. */
export function checkNumber(name: string, value: unknown, range: NumberRange = {}): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || !isWithin(value, range)) {
    throw new UsageError(name, `must be a finite number${describeRange(range)}, got ${describe(value)}`);
  }
  return value;
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new UsageError(name, `must be true or false, got ${describe(value)}`);
  return value;
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new UsageError(name, `must be a string, got ${describe(value)}`);
  return value;
}

/** The type of the function is the caller's word; that it is a function is checked. */
export function checkFunction<F extends (...args: never) => unknown>(name: string, value: F): F {
  if (typeof value !== 'function') throw new UsageError(name, `must be a function, got ${describe(value)}`);
  return value;
}

export function checkSignal(name: string, value: unknown): AbortSignal {
  if (!(value instanceof AbortSignal)) throw new UsageError(name, `must be an AbortSignal, got ${describe(value)}`);
  return value;
}

export function checkOneOf<const T extends string | number | boolean>(
  name: string,
  value: unknown,
  allowed: readonly T[],
): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    const choices = allowed.map((choice) => (typeof choice === 'string' ? `'${choice}'` : String(choice))).join(', ');
    throw new UsageError(name, `must be one of ${choices}, got ${describe(value)}`);
  }
  return found;
}

function isWithin(value: number, { min = -Infinity, max = Infinity }: NumberRange): boolean {
  return value >= min && value <= max;
}

function describeRange({ min, max }: NumberRange): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  if (max !== undefined) return ` of at most ${max}`;
  return '';
}

/** The kind of a value, for a message. */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return String(value);
    case 'object':
      return Array.isArray(value) ? 'an array' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}
