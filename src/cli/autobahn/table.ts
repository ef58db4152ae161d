import { type CommandTable, value } from '../line/command-table.ts';
import { readSeconds, readText } from '../line/value-readers.ts';
import { DEFAULT_URL, maxMessageSize, quiet } from '../peers/shared-options.ts';

export interface AutobahnValues {
  readonly url: string;
  readonly isQuiet: boolean;
  readonly timeoutSecs: number;
  readonly maxMessageSize: number;
}

export const autobahnTable: CommandTable<AutobahnValues> = {
  name: 'autobahn',
  summary: 'run the cases of an Autobahn test server against this client',
  examples: [
    ['ws autobahn', 'with the server at ws://127.0.0.1:8008'],
    ['ws autobahn --url ws://127.0.0.1:9001 -q', 'with another one, without a line for each case'],
    ['ws autobahn --timeout 10', 'give up a case after ten seconds of silence'],
  ],
  arguments: {},
  options: {
    url: value({
      long: 'url',
      placeholder: 'URL',
      about: 'the test server',
      read: readText,
      fallback: DEFAULT_URL,
      shownDefault: DEFAULT_URL,
    }),
    isQuiet: quiet,
    timeoutSecs: value({
      long: 'timeout',
      placeholder: 'SECONDS',
      about: 'give up a case after this long without a message',
      read: readSeconds,
      fallback: 60,
      shownDefault: '60',
    }),
    maxMessageSize: maxMessageSize(64),
  },
};
