import { type FileValues, fileOptions } from '../file-transfer/option-table.ts';
import { type CommandTable, flag, value } from '../line/command-table.ts';
import { readInteger, readPath, readSeconds } from '../line/value-readers.ts';
import { maxMessageSize, urlArgument } from '../peers/shared-options.ts';

export interface ReceiveValues extends FileValues {
  readonly folder: string;
  readonly mayReplace: boolean;
  readonly keeps: boolean;
  readonly count: number;
  readonly delayMs: number;
}

export const receiveTable: CommandTable<ReceiveValues, 'url'> = {
  name: 'receive',
  summary: 'receive what ws send sends',
  examples: [
    ['ws receive ws://127.0.0.1:8008', 'receive one file or folder into the current folder'],
    ['ws receive --to inbox --keep ws://127.0.0.1:8008', 'go on receiving, into another folder'],
    ['ws receive --force ws://127.0.0.1:8008', 'replace files that are there already'],
  ],
  arguments: { url: urlArgument },
  options: {
    folder: value({
      long: 'to',
      placeholder: 'FOLDER',
      about: 'where to put files; it is made when it does not exist',
      read: readPath,
      fallback: '.',
      shownDefault: 'the current folder',
    }),
    mayReplace: flag({ long: 'force', about: 'replace files that are there already' }),
    count: value({
      long: 'count',
      placeholder: 'NUMBER',
      about: 'end after so many transfers',
      read: readInteger(1, 1_000_000),
      fallback: 1,
      shownDefault: '1',
    }),
    keeps: flag({ long: 'keep', about: 'go on receiving until a signal comes' }),
    isStreaming: flag({
      long: 'stream',
      about: "greet the sender although the server in between is no 'ws transfer' of this program",
    }),
    waitSecs: value({
      long: 'wait',
      placeholder: 'SECONDS',
      about: 'how long to wait for a sender, 0 for as long as it takes',
      read: readSeconds,
      fallback: 0,
      shownDefault: '0',
    }),
    delayMs: value({
      long: 'delay',
      placeholder: 'MILLISECONDS',
      about: 'wait after every piece, to be slow',
      read: readInteger(-1, 3_600_000),
      fallback: -1,
    }),
    maxMessageSize: maxMessageSize(1024),
    ...fileOptions,
  },
};
