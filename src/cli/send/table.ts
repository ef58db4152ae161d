import { type FileValues, fileOptions } from '../file-transfer/option-table.ts';
import { type CommandTable, flag, value } from '../line/command-table.ts';
import { readPath, readSeconds } from '../line/value-readers.ts';
import { maxMessageSize, urlArgument } from '../peers/shared-options.ts';

export interface SendValues extends FileValues {
  readonly path: string;
  readonly isCompressed: boolean;
  readonly isPdu: boolean;
}

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
    ...fileOptions,
  },
};
