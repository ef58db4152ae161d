import { type CommandTable, value } from '../line/command-table.ts';
import { readInteger, readSeconds } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import { json, pidfile, quiet, subprotocols, urlArgument } from '../peers/shared-options.ts';

export interface PingValues extends ClientValues {
  readonly url: string;
  readonly count: number | undefined;
  readonly intervalSecs: number | undefined;
  readonly answerSecs: number;
  readonly subprotocols: readonly (readonly string[])[];
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly pidfile: string | undefined;
}

export const pingTable: CommandTable<PingValues, 'url'> = {
  name: 'ping',
  summary: 'send pings, and show how long their answers take',
  examples: [
    ['ws ping ws://127.0.0.1:8008', 'a ping every second, until Ctrl-C'],
    ['ws ping --count 3 --interval 0.2 ws://127.0.0.1:8008', 'three pings'],
    ['echo hello | ws ping ws://127.0.0.1:8008', 'a ping for each line, with the line in it'],
  ],
  arguments: { url: urlArgument },
  options: {
    count: value<number | undefined>({
      short: 'c',
      long: 'count',
      placeholder: 'N',
      about: 'end after so many pings',
      read: readInteger(1, 2 ** 31 - 1),
      fallback: undefined,
    }),
    intervalSecs: value<number | undefined>({
      short: 'i',
      long: 'interval',
      placeholder: 'SECONDS',
      about: 'time from one ping to the next',
      read: readSeconds,
      fallback: undefined,
      shownDefault: '1',
    }),
    answerSecs: value({
      short: 'W',
      long: 'answer-timeout',
      placeholder: 'SECONDS',
      about: 'how long to wait for answers at the end',
      read: readSeconds,
      fallback: 10,
      shownDefault: '10',
    }),
    subprotocols,
    isQuiet: quiet,
    isJson: json,
    pidfile,
    ...clientOptions,
  },
};
