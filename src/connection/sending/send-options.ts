import { flag, signal, text } from '../../util/option-kinds.ts';
import { type OptionLines, type OptionTable, optionTable, resolveOptions } from '../../util/option-table.ts';
import type { SendData } from './send-data.ts';
import type { SendKind } from './send-keeper.ts';

/** The form in which a message is sent. */
export interface SendOptions {
  /**
   * Sends it as binary, not as text.
   * @default true for everything but strings
   */
  readonly binary?: boolean | undefined;
  /**
   * The subject of the message. With the policy `'conflate'` it takes the place of one with the same key that still
   * waits for a slow consumer; otherwise it changes nothing.
   * @default none: the message replaces no other
   */
  readonly key?: string | undefined;
}

/** {@link SendOptions} of a send that waits. */
export interface SendWhenReadyOptions extends SendOptions {
  /** Gives up waiting: the promise rejects with its reason, and nothing is sent. */
  readonly signal?: AbortSignal | undefined;
}

const sendLines: OptionLines<SendOptions> = {
  binary: flag(undefined),
  key: text(undefined),
};

const sendTable = optionTable('send()', sendLines);
const sendWhenReadyTable: OptionTable<SendWhenReadyOptions> = optionTable('sendWhenReady()', {
  ...sendLines,
  signal: signal(),
});

export const drainTable: OptionTable<Pick<SendWhenReadyOptions, 'signal'>> = optionTable('drain()', {
  signal: signal(),
});

/** A message as it is to be sent. */
export interface SendSettings {
  readonly kind: SendKind;
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Checks how `data` is to be sent. */
export function resolveSendOptions(data: SendData, options: SendOptions): SendSettings {
  return settingsFor(data, resolveOptions(sendTable, options));
}

export function resolveSendWhenReadyOptions(data: SendData, options: SendWhenReadyOptions): SendSettings {
  return settingsFor(data, resolveOptions(sendWhenReadyTable, options));
}

function settingsFor(data: SendData, given: SendWhenReadyOptions): SendSettings {
  const { binary = typeof data !== 'string', key, signal } = given;
  return { kind: binary ? 'binary' : 'text', key, signal };
}
