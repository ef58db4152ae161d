import { flag, type OptionsFor, value } from '../line/command-table.ts';
import { readSeconds } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import { json, noDeflate, pidfile, quiet } from '../peers/shared-options.ts';

/** Values that sending and receiving have in common. */
export interface FileValues extends ClientValues {
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

export const fileOptions: OptionsFor<Omit<FileValues, 'url' | 'isStreaming' | 'waitSecs' | 'maxMessageSize'>> = {
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
