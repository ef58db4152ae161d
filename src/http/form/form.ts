import { UsageError } from '../../errors.ts';

/** Parameters of a form or a query: a plain record, pairs, a `Map`, or `URLSearchParams`. Names may repeat in pairs. */
export type HttpParameters = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/** The pairs of `parameters`, every one checked. */
export function parameterPairs(parameters: HttpParameters, option = 'parameters'): [string, string][] {
  if (typeof parameters !== 'object' || parameters === null) {
    throw new UsageError(option, 'must be an object, pairs or URLSearchParams');
  }
  const pairs: Iterable<unknown> = Symbol.iterator in parameters ? parameters : Object.entries(parameters);
  return Array.from(pairs, (pair) => checkPair(pair, option));
}

function checkPair(pair: unknown, option: string): [string, string] {
  if (!Array.isArray(pair) || pair.length !== 2) throw new UsageError(option, 'every pair must be [name, value]');
  const [name, value] = pair as unknown[];
  if (typeof name !== 'string') throw new UsageError(option, `a name must be a string, not ${typeof name}`);
  if (typeof value !== 'string') {
    throw new UsageError(
      option,
      `the value of ${JSON.stringify(name.slice(0, 80))} must be a string, not ${typeof value}`,
    );
  }
  return [name, value];
}

/**
 * Parameters as `application/x-www-form-urlencoded` writes them (WHATWG URL 5.2): UTF-8, percent-encoded, `+` for a
 * space.
 *
 * @throws UsageError (`invalidOption`) when a name or value is no string
 */
export function formatForm(parameters: HttpParameters, option = 'parameters'): string {
  return new URLSearchParams(parameterPairs(parameters, option)).toString();
}

/**
 * `url` with parameters added to its query, before the fragment if it has one.
 *
 * @throws UsageError (`invalidOption`) when a name or value is no string
 */
export function appendQuery(url: string, parameters: HttpParameters, option = 'parameters'): string {
  const added = formatForm(parameters, option);
  if (added === '') return url;
  const hash = url.indexOf('#');
  const base = hash < 0 ? url : url.slice(0, hash);
  const fragment = hash < 0 ? '' : url.slice(hash);
  const question = base.indexOf('?');
  if (question < 0) return `${base}?${added}${fragment}`;
  const joint = base.endsWith('?') || base.endsWith('&') ? '' : '&';
  return `${base}${joint}${added}${fragment}`;
}
