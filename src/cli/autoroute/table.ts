import { type CommandTable, value } from '../line/command-table.ts';
import { readInteger } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import { maxMessageSize, noDeflate, pingInterval, subprotocols, urlArgument } from '../peers/shared-options.ts';

export interface AutorouteValues extends ClientValues {
  readonly url: string;
  readonly messageCount: number;
  readonly withoutDeflate: boolean;
  readonly pingIntervalSecs: number;
  readonly subprotocols: readonly (readonly string[])[];
  readonly maxMessageSize: number;
}

export const autorouteTable: CommandTable<AutorouteValues, 'url'> = {
  name: 'autoroute',
  summary: 'measure how fast messages of a push_server arrive',
  examples: [
    ['ws autoroute ws://127.0.0.1:8008', 'time a million messages'],
    ['ws autoroute --msg_count 1000 ws://127.0.0.1:8008', 'time a thousand'],
    ['ws autoroute --ping_interval -1 ws://127.0.0.1:8008', 'without pings in between'],
  ],
  arguments: { url: urlArgument },
  options: {
    messageCount: value({
      long: 'msg_count',
      placeholder: 'COUNT',
      about: 'how many messages to ask for',
      read: readInteger(0, 2 ** 31 - 1),
      fallback: 1_000_000,
      shownDefault: '1000000',
    }),
    withoutDeflate: noDeflate,
    pingIntervalSecs: pingInterval,
    subprotocols,
    maxMessageSize: maxMessageSize(16),
    ...clientOptions,
  },
};
