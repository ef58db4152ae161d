import { bytes, count } from '../util/option-kinds.ts';
import type { OptionLines, Resolved } from '../util/option-table.ts';

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

export const sendingLines: OptionLines<Resolved<SendingOptions>> = {
  maxTopics: count(1024),
  maxTopicLength: bytes(256),
};
