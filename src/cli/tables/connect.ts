import { type CommandTable, flag, value } from '../options.ts';
import { readInteger, readSeconds } from '../readers.ts';
import {
  deflateThreshold,
  headers,
  maxMessageSize,
  noDeflate,
  pidfile,
  pingInterval,
  proxy,
  subprotocols,
  urlArgument,
} from './shared.ts';
import { clientTlsOptions, type TlsValues } from './tls.ts';

export interface ConnectValues extends TlsValues {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly subprotocols: readonly (readonly string[])[];
  readonly isBinary: boolean;
  readonly withoutReconnection: boolean;
  readonly withoutDeflate: boolean;
  readonly deflateThreshold: number | undefined;
  readonly gunzips: boolean;
  readonly maxWaitMs: number;
  readonly proxy: string | undefined;
  readonly pingIntervalSecs: number;
  readonly waitSecs: number;
  readonly maxMessageSize: number;
  readonly pidfile: string | undefined;
}

export const connectTable: CommandTable<ConnectValues, 'url'> = {
  name: 'connect',
  summary: 'send lines that are typed or piped, and show what comes back',
  examples: [
    ['ws connect ws://127.0.0.1:8008', 'talk to a server; /quit ends it'],
    ['echo hello | ws connect ws://127.0.0.1:8008', 'send a line and print the answer'],
    ["ws connect -H 'Authorization: Bearer 123' --subprotocol chat ws://127.0.0.1:8008", 'with more in the request'],
  ],
  arguments: { url: urlArgument },
  options: {
    headers,
    subprotocols,
    isBinary: flag({ short: 'b', long: 'binary', about: 'send lines as binary messages' }),
    withoutReconnection: flag({
      short: 'd',
      long: 'disable-automatic-reconnection',
      about: 'end when the connection is lost, or cannot be made',
    }),
    withoutDeflate: noDeflate,
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
    waitSecs: value({
      long: 'wait',
      placeholder: 'SECONDS',
      about: 'at the end of piped input, wait for answers until there was none for this long',
      read: readSeconds,
      fallback: 1,
      shownDefault: '1',
    }),
    maxMessageSize: maxMessageSize(1024),
    pidfile,
    proxy,
    ...clientTlsOptions,
  },
};
