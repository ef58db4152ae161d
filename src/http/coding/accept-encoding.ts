import { isToken, splitList, trimOws } from '../../protocol/http1/tokens.ts';

/** The weights that `Accept-Encoding` gives to the codings it names; `*` stands for those it does not. */
type Weights = ReadonlyMap<string, number>;

/** The best of `available`, `identity` for none at all, or `undefined` when the client refuses even that. */
export type ChosenCoding<C extends string> = C | 'identity' | undefined;

/**
 * Chooses the coding of a response (RFC 9110 12.5.3): the one with the highest weight, of equal ones the first of
 * `available`. `identity` wins only with a higher weight, or when nothing else is acceptable.
 *
 * A member of the list that breaks the grammar is ignored; the rest of the list counts.
 *
 * @param value all `Accept-Encoding` fields joined; `undefined` when there is none, which means no encoding
 */
export function chooseCoding<C extends string>(value: string | undefined, available: readonly C[]): ChosenCoding<C> {
  // Without the field any coding is acceptable, but those who do not ask cannot be trusted to decode.
  if (value === undefined) return 'identity';
  const weights = parseAcceptEncoding(value);
  const identity = weights.get('identity') ?? (weights.get('*') === 0 ? 0 : undefined);
  let best: C | undefined;
  let bestWeight = 0;
  for (const coding of available) {
    const weight = weightOf(weights, coding);
    if (weight > bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  if (best !== undefined && bestWeight >= (identity ?? 0)) return best;
  return identity === 0 ? best : 'identity';
}

/** Tells whether a response in this coding is acceptable at all. */
export function acceptsCoding(value: string | undefined, coding: string): boolean {
  return value !== undefined && weightOf(parseAcceptEncoding(value), coding) > 0;
}

function weightOf(weights: Weights, coding: string): number {
  return weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined) ?? weights.get('*') ?? 0;
}

function parseAcceptEncoding(value: string): Weights {
  const weights = new Map<string, number>();
  for (const element of splitList(value)) {
    const semicolon = element.indexOf(';');
    const name = trimOws(semicolon < 0 ? element : element.slice(0, semicolon)).toLowerCase();
    const weight = semicolon < 0 ? 1 : parseWeight(element.slice(semicolon + 1));
    if (weight !== undefined && isToken(name)) weights.set(name, weight);
  }
  return weights;
}

// RFC 9110 12.4.2
const weightSyntax = /^[ \t]*[qQ]=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)[ \t]*$/;

function parseWeight(text: string): number | undefined {
  const match = weightSyntax.exec(text);
  return match === null ? undefined : Number(match[1]);
}
