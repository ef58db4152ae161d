import { UsageError } from '../errors.ts';

/**
 * Checks of options, made once, when an object is built. They return the value, never convert it, and never show
 * a string they refuse: what was put into the wrong option may be a secret.
 */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

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

/** A mistyped option would otherwise be a default in disguise. `kind` says whose options these are. */
export function rejectUnknownOptions<T extends object>(kind: string, options: T, known: readonly string[]): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new UsageError('options', `of ${kind} must be an object, got ${describe(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const suggestion = findSimilar(key, known);
    const hint = suggestion === undefined ? '' : `; did you mean '${suggestion}'?`;
    throw new UsageError(key, `is not an option of ${kind}${hint}`);
  }
  return options;
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

function describe(value: unknown): string {
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

/** Longer names are not typing errors, and comparing them would cost their product. */
const longestName = 64;

function findSimilar(name: string, known: readonly string[]): string | undefined {
  if (name.length > longestName) return undefined;
  let best: string | undefined;
  let bestDistance = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = countEdits(name.toLowerCase(), candidate.toLowerCase());
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Insertions, removals, replacements and swaps of neighbours that turn one word into the other. */
function countEdits(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = cell(previous, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, cell(previous, j) + 1, cell(current, j - 1) + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) edits = Math.min(edits, cell(beforePrevious, j - 2) + 1);
      current.push(edits);
    }
    beforePrevious = previous;
    previous = current;
  }
  return cell(previous, to.length);
}

function cell(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
