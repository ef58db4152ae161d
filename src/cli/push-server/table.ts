import { type CommandTable, value } from '../line/command-table.ts';
import { readText } from '../line/value-readers.ts';
import { type ServerValues, serverOptions } from '../peers/shared-options.ts';

export interface PushServerValues extends ServerValues {
  readonly message: string;
}

export const pushServerTable: CommandTable<PushServerValues> = {
  name: 'push_server',
  summary: 'send a client as many messages as its URL asks for, as fast as it takes them',
  examples: [
    ['ws push_server', 'serve one client on ws://127.0.0.1:8008/'],
    ['ws autoroute ws://127.0.0.1:8008', 'in another terminal: ask for a million messages'],
    ['ws push_server -q --send_msg "$(cat message.json)"', 'send something else than hello world'],
  ],
  arguments: {},
  options: {
    ...serverOptions,
    message: value({
      long: 'send_msg',
      placeholder: 'TEXT',
      about: 'what to send',
      read: readText,
      fallback: 'hello world',
      shownDefault: "'hello world'",
    }),
  },
};
