import { type CommandTable, flag, value } from '../line/command-table.ts';
import { readInteger, readPath, readSeconds } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import { json, maxMessageSize, noDeflate, pidfile, quiet, urlArgument } from '../peers/shared-options.ts';

/** What sending and receiving have in common. */
interface FileValues extends ClientValues {
  readonly url: string;
  readonly isVerbose: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly isStreaming: boolean;
  readonly waitSecs: number;
  readonly silenceSecs: number;
  readonly retrySecs: number;
  readonly withoutDeflate: boolean;
  readonly maxMessageSize: number;
  readonly pidfile: string | undefined;
}

export interface SendValues extends FileValues {
  readonly path: string;
  readonly isCompressed: boolean;
  readonly isPdu: boolean;
}

export interface ReceiveValues extends FileValues {
  readonly folder: string;
  readonly mayReplace: boolean;
  readonly keeps: boolean;
  readonly count: number;
  readonly delayMs: number;
}

const common = {
  isVerbose: flag({ short: 'v', long: 'verbose', about: 'show the handshake as well' }),
  isQuiet: quiet,
  isJson: json,
  silenceSecs: value({
    long: 'idle-timeout',
    placeholder: 'SECONDS',
    about: 'give up when the other side says nothing for this long during a transfer',
    read: readSeconds,
    fallback: 60,
    shownDefault: '60',
  }),
  retrySecs: value({
    long: 'retry-for',
    placeholder: 'SECONDS',
    about: 'how long to try to connect again when a transfer was cut',
    read: readSeconds,
    fallback: 60,
    shownDefault: '60',
  }),
  withoutDeflate: noDeflate,
  pidfile,
  ...clientOptions,
};

export const sendTable: CommandTable<SendValues, 'url' | 'path'> = {
  name: 'send',
  summary: 'send a file or a folder to ws receive',
  examples: [
    ['ws send ws://127.0.0.1:8008 photo.jpg', 'send a file through ws transfer'],
    ['ws send ws://127.0.0.1:8008 photos', 'send a folder with everything in it'],
    ['ws send --wait 600 -k wss://192.168.1.2:8008 backup.tar', 'wait ten minutes for a receiver'],
  ],
  arguments: {
    url: urlArgument,
    path: { placeholder: 'path', about: 'the file or folder to send', read: readPath },
  },
  options: {
    isStreaming: flag({
      long: 'stream',
      about: "send in pieces although the server in between is no 'ws transfer' of this program",
    }),
    isPdu: flag({ long: 'pdu', about: 'send in one message, as C++ receivers want it' }),
    waitSecs: value({
      long: 'wait',
      placeholder: 'SECONDS',
      about: 'how long to wait for a receiver',
      read: readSeconds,
      fallback: 60,
      shownDefault: '60',
    }),
    isCompressed: flag({ long: 'compress', about: 'offer to compress messages; most files are compressed already' }),
    maxMessageSize: maxMessageSize(16),
    ...common,
  },
};

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
    ...common,
  },
};
