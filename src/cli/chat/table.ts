import { type ArgumentSpec, BadValue, type CommandTable, flag, value } from '../line/command-table.ts';
import { readSecondsOrForever } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import { maxMessageSize, pidfile, pingInterval, subprotocols, urlArgument } from '../peers/shared-options.ts';
import { type ViewValues, viewOptions } from '../screens/view-option-table.ts';

export interface ChatValues extends ClientValues, ViewValues {
  readonly url: string;
  readonly name: string;
  readonly isSilent: boolean;
  readonly waitSecs: number;
  readonly subprotocols: readonly (readonly string[])[];
  readonly pingIntervalSecs: number;
  readonly maxMessageSize: number;
  readonly pidfile: string | undefined;
}

const nameArgument: ArgumentSpec<string> = {
  placeholder: 'user',
  about: 'the name that others see',
  read: (text) => {
    if (text.trim() !== '') return text;
    throw new BadValue('must not be empty');
  },
};

export const chatTable: CommandTable<ChatValues, 'url' | 'name'> = {
  name: 'chat',
  summary: 'talk to the others on a broadcast_server',
  examples: [
    ['ws broadcast_server', 'where to meet'],
    ['ws chat ws://127.0.0.1:8008 alice', 'say something; /quit ends it'],
    ['echo done | ws chat --silent --wait 0 ws://127.0.0.1:8008 build', 'say one thing and leave'],
  ],
  arguments: { url: urlArgument, name: nameArgument },
  options: {
    isSilent: flag({ long: 'silent', about: 'do not tell the others about joining and leaving' }),
    waitSecs: value({
      short: 'w',
      long: 'wait',
      placeholder: 'SECONDS',
      about: 'at the end of piped input, stay until nobody has said anything for this long; -1 until Ctrl-C',
      read: readSecondsOrForever,
      fallback: 1,
      shownDefault: '1',
    }),
    subprotocols,
    pingIntervalSecs: pingInterval,
    maxMessageSize: maxMessageSize(16),
    pidfile,
    ...viewOptions,
    ...clientOptions,
  },
};
