import {
  type ArgumentSpec,
  type FlagOption,
  flag,
  type ListOption,
  list,
  type OptionsFor,
  type ValueOption,
  value,
} from '../line/command-table.ts';
import { readByteSize, readHost, readInteger, readNames, readPath, readPort, readText } from '../line/value-readers.ts';
import { serverTlsOptions, type TlsValues } from './tls-option-table.ts';

/** Options that sub-commands have in common. A group of them is spread into the table of a command. */
const DEFAULT_PORT = 8008;
export const DEFAULT_URL: string = `ws://127.0.0.1:${DEFAULT_PORT}`;

const MIB = 1024 * 1024;

/** Takes the size that a command accepts unless told otherwise, in MiB. */
export function maxMessageSize(mebibytes: number): ValueOption<number> {
  return value({
    long: 'max-message-size',
    placeholder: 'BYTES',
    about: 'longest message accepted, such as 65536, 16M or 1G',
    read: readByteSize,
    fallback: mebibytes * MIB,
    shownDefault: mebibytes < 1024 ? `${mebibytes}M` : `${mebibytes / 1024}G`,
  });
}

export const pidfile: ValueOption<string | undefined> = value<string | undefined>({
  long: 'pidfile',
  placeholder: 'FILE',
  about: 'keep the process id in this file while running',
  read: readPath,
  fallback: undefined,
});

export const quiet: FlagOption = flag({ short: 'q', long: 'quiet', about: 'show errors only' });

export const noDeflate: FlagOption = flag({
  short: 'x',
  long: 'disable-per-message-deflate',
  about: 'do not compress messages',
});

export const deflateThreshold: ValueOption<number | undefined> = value<number | undefined>({
  long: 'deflate-threshold',
  placeholder: 'BYTES',
  about: 'compress messages from this size on, 0 for all',
  read: readInteger(0, 2 ** 32 - 1),
  fallback: undefined,
  shownDefault: '256, or 1 with context takeover',
});

export const json: FlagOption = flag({ long: 'json', about: 'show every event as a JSON object on a line of its own' });

/** The address of a server, and its terms for clients. */
export interface ServerValues extends TlsValues {
  readonly port: number;
  readonly host: string | undefined;
  readonly isIPv6: boolean;
  readonly withoutDeflate: boolean;
  readonly withoutPong: boolean;
  readonly maxMessageSize: number;
  readonly pidfile: string | undefined;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly isSelfSigned: boolean;
  readonly allowedHosts: readonly string[];
}

export const serverOptions: OptionsFor<ServerValues> = {
  port: value({
    long: 'port',
    placeholder: 'PORT',
    about: 'port to listen on, 0 for any free one',
    read: readPort,
    fallback: DEFAULT_PORT,
    shownDefault: String(DEFAULT_PORT),
  }),
  host: value<string | undefined>({
    long: 'host',
    placeholder: 'ADDRESS',
    about: 'address to listen on; 0.0.0.0 is every address of this machine',
    read: readText,
    fallback: undefined,
    shownDefault: '127.0.0.1, or ::1 with -6',
  }),
  isIPv6: flag({ short: '6', long: 'ipv6', about: 'listen on IPv6' }),
  withoutDeflate: noDeflate,
  withoutPong: flag({ short: 'p', long: 'disable-pong', about: 'do not answer pings' }),
  maxMessageSize: maxMessageSize(16),
  pidfile,
  isQuiet: quiet,
  isJson: json,
  isSelfSigned: flag({
    long: 'tls-self-signed',
    about: 'speak TLS with a certificate made for this run, for localhost; its fingerprint is printed',
  }),
  allowedHosts: list({
    long: 'allow-host',
    placeholder: 'NAME',
    about: 'answer requests for this host too; on loopback others than localhost get 421; may be repeated',
    read: readHost,
  }),
  ...serverTlsOptions,
};

export const urlArgument: ArgumentSpec<string> = {
  placeholder: 'url',
  about: 'where to connect to, such as ws://127.0.0.1:8008/path',
  read: readText,
};

export const subprotocols: ListOption<readonly string[]> = list({
  long: 'subprotocol',
  placeholder: 'NAME',
  about: 'offer a subprotocol; may be repeated',
  read: readNames,
});

export const pingInterval: ValueOption<number> = value({
  long: 'ping_interval',
  placeholder: 'SECONDS',
  about: 'send a ping after this long without a message, -1 for never',
  // The command of IXWebSocket takes 0 for never as well.
  read: (text) => readInteger(-1, 86_400)(text) || -1,
  fallback: 30,
  shownDefault: '30',
});

export const allowedOrigins: ListOption<string> = list({
  long: 'allow-origin',
  placeholder: 'ORIGIN',
  about: "let web pages from there connect, such as https://example.com, or '*' for all; may be repeated",
  read: readText,
});
