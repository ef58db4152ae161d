import { whatwgUrl } from './whatwg-url.ts';

/** The key under which Node looks for the way in which `console.log` shows an object: its `util.inspect.custom`. */
const custom: symbol = Symbol.for('nodejs.util.inspect.custom');

/** Shows one object; called by `util.inspect`. */
export type Inspection<T extends object> = (
  this: T,
  depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
) => string;

/** Makes an {@link Inspection} that shows what `describe` returns, behind the name of the class. */
export function inspection<T extends object>(describe: (object: T) => object): Inspection<T> {
  return function inspectObject(depth, options, inspect) {
    const { name } = this.constructor;
    if (depth < 0) return `[${name}]`;
    const shown = inspect(describe(this), options);
    return name === 'Object' ? shown : `${name} ${shown}`;
  };
}

/** Shows an object, or all that have it as their prototype, as `how` says. */
export function showBy<T extends object>(target: T, how: Inspection<T>): T {
  return Object.defineProperty(target, custom, { value: how, configurable: true, writable: true });
}

/** A text as one line, shortened to `maxLength` characters. */
export function oneLine(text: string, maxLength: number = 200): object {
  const shown = JSON.stringify(text.slice(0, maxLength));
  const line = text.length > maxLength ? `${shown}… (${text.length} characters)` : shown;
  return { [custom]: () => line };
}

/** A URL, or its path and query, without credentials, query and fragment: all of them may hold secrets. */
export function withoutSecrets(url: string): string {
  const start = url.search(/[?#]/);
  const path = start < 0 ? url : `${url.slice(0, start)}?…`;
  if (url.startsWith('/')) return path;
  const parsed = whatwgUrl(url);
  if (parsed === undefined) return '…';
  const { protocol, host, pathname } = parsed;
  // Without a host it may be one whose scheme was forgotten, and its user name taken for that.
  if (host === '') return '…';
  return `${protocol}//${host}${pathname}${start < 0 ? '' : '?…'}`;
}
