import { checkInteger } from '../util/options.ts';

/** The options of a server for what it sends to many. */
export interface SendingOptions {
  /**
   * Topics that one connection may subscribe to; more is refused with `tooManyTopics`.
   * @default 1024
   */
  maxTopics?: number | undefined;
  /**
   * Bytes of the name of a topic, in UTF-8; a longer one is refused with `invalidTopic`.
   * @default 256
   */
  maxTopicLength?: number | undefined;
}

/** Checked {@link SendingOptions} with all defaults filled in. */
export interface ResolvedSendingOptions {
  readonly maxTopics: number;
  readonly maxTopicLength: number;
}

export const sendingOptionNames: readonly string[] = ['maxTopics', 'maxTopicLength'];

export function resolveSendingOptions({ maxTopics, maxTopicLength }: SendingOptions): ResolvedSendingOptions {
  return {
    maxTopics: checkInteger('maxTopics', maxTopics ?? 1024, { min: 1 }),
    maxTopicLength: checkInteger('maxTopicLength', maxTopicLength ?? 256, { min: 1 }),
  };
}
