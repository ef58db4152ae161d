import { checkBoolean, checkString, rejectUnknownOptions } from '../../util/options.ts';
import type { SendData } from './send-data.ts';
import type { SendKind } from './send-keeper.ts';

/** How a message is sent. */
export interface SendOptions {
  /**
   * Whether it is binary, not text.
   * @default true for everything but strings
   */
  readonly binary?: boolean | undefined;
  /**
   * What the message is about. With the policy `'conflate'` it takes the place of one with the same key that still
   * waits for a slow consumer; otherwise it changes nothing.
   * @default none: the message replaces no other
   */
  readonly key?: string | undefined;
}

const KNOWN: readonly string[] = ['binary', 'key', 'signal'];

/** Checks how `data` is to be sent. */
export function checkSendOptions(
  what: string,
  data: SendData,
  options: SendOptions,
): { readonly kind: SendKind; readonly key: string | undefined } {
  const { binary = typeof data !== 'string', key } = rejectUnknownOptions(what, options, KNOWN);
  if (key !== undefined) checkString('key', key);
  return { kind: checkBoolean('binary', binary) ? 'binary' : 'text', key };
}
