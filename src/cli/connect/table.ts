import { type CommandTable, flag, list, value } from '../line/command-table.ts';
import { readInteger, readListenAddress, readOneOf, readSecondsOrForever, readText } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import {
  deflateThreshold,
  maxMessageSize,
  pidfile,
  pingInterval,
  subprotocols,
  urlArgument,
} from '../peers/shared-options.ts';
import { type ViewValues, viewOptions } from '../screens/view-option-table.ts';
import type { BinaryOutput } from '../screens/view-plan.ts';

export interface ConnectValues extends ClientValues, ViewValues {
  readonly url: string | undefined;
  readonly messages: readonly string[];
  readonly waitSecs: number | undefined;
  readonly count: number | undefined;
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly subprotocols: readonly (readonly string[])[];
  readonly isBinary: boolean;
  readonly binaryOutput: BinaryOutput | undefined;
  readonly isLiteral: boolean;
  readonly withoutHistory: boolean;
  readonly withoutReconnection: boolean;
  readonly withoutDeflate: boolean;
  readonly deflateThreshold: number | undefined;
  readonly gunzips: boolean;
  readonly maxWaitMs: number;
  readonly pingIntervalSecs: number;
  readonly maxMessageSize: number;
  readonly pidfile: string | undefined;
}

export const connectTable: CommandTable<ConnectValues, 'url'> = {
  name: 'connect',
  summary: 'send lines that are typed or piped, and show what comes back',
  examples: [
    ['ws connect ws://127.0.0.1:8008', 'talk to a server; /help shows what can be done, /quit ends it'],
    ['echo hello | ws connect ws://127.0.0.1:8008', 'send a line and print the answer'],
    ['ws connect -x hello --count 1 -H @headers.txt wss://example.com', 'send a message and wait for one'],
  ],
  arguments: { url: { ...urlArgument, isOptional: true } },
  options: {
    messages: list({
      short: 'x',
      long: 'execute',
      placeholder: 'MESSAGE',
      about: 'send this in place of what is typed or piped; may be repeated',
      read: readText,
    }),
    waitSecs: value<number | undefined>({
      short: 'w',
      long: 'wait',
      placeholder: 'SECONDS',
      about: 'when all is sent, wait for answers until there was none for this long; -1 until the other side closes',
      read: readSecondsOrForever,
      fallback: undefined,
      shownDefault: '1, or -1 with --count',
    }),
    count: value<number | undefined>({
      short: 'n',
      long: 'count',
      placeholder: 'N',
      about: 'end after so many messages have come',
      read: readInteger(1, 2 ** 31 - 1),
      fallback: undefined,
    }),
    listen: value<ConnectValues['listen']>({
      short: 'l',
      long: 'listen',
      placeholder: '[ADDRESS:]PORT',
      about: 'be the server, for one client at a time, in place of connecting to a url',
      read: readListenAddress,
      fallback: undefined,
    }),
    subprotocols,
    isBinary: flag({ short: 'b', long: 'binary', about: 'send lines as binary messages' }),
    binaryOutput: value<BinaryOutput | undefined>({
      long: 'binary-output',
      placeholder: 'FORM',
      about: 'how binary messages are shown: hex, base64, or raw for their bytes and nothing else',
      read: readOneOf<BinaryOutput>(['hex', 'base64', 'raw']),
      fallback: undefined,
      shownDefault: 'the beginning in hex on a terminal, a line of bytes elsewhere',
    }),
    isLiteral: flag({ long: 'literal', about: 'send lines that begin with a slash, rather than to obey them' }),
    withoutHistory: flag({ long: 'disable-history', about: 'neither show nor keep what was typed before' }),
    withoutReconnection: flag({
      short: 'd',
      long: 'disable-automatic-reconnection',
      about: 'end when the connection is lost, or cannot be made',
    }),
    withoutDeflate: flag({ long: 'disable-per-message-deflate', about: 'do not compress messages' }),
    deflateThreshold,
    gunzips: flag({ short: 'g', long: 'gunzip', about: 'gunzip what is received' }),
    maxWaitMs: value({
      long: 'max_wait',
      placeholder: 'MILLISECONDS',
      about: 'longest wait between attempts to connect again',
      read: readInteger(1, 2 ** 31 - 1),
      fallback: 10_000,
      shownDefault: '10000',
    }),
    pingIntervalSecs: pingInterval,
    maxMessageSize: maxMessageSize(1024),
    pidfile,
    ...viewOptions,
    ...clientOptions,
  },
};
