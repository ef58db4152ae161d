import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import net from 'node:net';
import { callSafely } from '../../util/call-safely.ts';

/** A function of the user's that resolves names. What it throws, or rejects or answers wrongly with, is its error. */
export function guardedLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    let isAnswered = false;
    const answer: typeof callback = (error, address, family) => {
      if (isAnswered) return;
      isAnswered = true;
      const isUsable = error !== null && error !== undefined ? true : isAnswer(address);
      if (isUsable) callback(error, address, family);
      else callback(new Error(`the function given as lookup found no address of ${hostname}`), '');
    };
    callSafely(
      // An async function is none of the signature, but one all the same; only its rejection would reach nobody.
      (): unknown => lookup(hostname, options, answer),
      (error) => answer(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };
}

function isAnswer(address: unknown): boolean {
  if (!Array.isArray(address)) return typeof address === 'string' && net.isIP(address) > 0;
  return address.length > 0 && address.every((entry: LookupAddress | undefined) => net.isIP(entry?.address ?? '') > 0);
}
