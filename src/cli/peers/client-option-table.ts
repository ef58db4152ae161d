import { type ListOption, list, type OptionsFor, type ValueOption, value } from '../line/command-table.ts';
import { readHeader, readSeconds, readSecret } from '../line/value-readers.ts';
import type { HeaderSource, Secret } from '../terminal/files/secrets.ts';
import { clientTlsOptions, type TlsValues } from './tls-option-table.ts';

/** The options of every command that connects: the way to a server. */
export interface ClientValues extends TlsValues {
  readonly headers: readonly HeaderSource[];
  readonly user: Secret | undefined;
  readonly proxy: Secret | undefined;
  readonly timeoutSecs: number;
}

const headers: ListOption<HeaderSource> = list({
  short: 'H',
  long: 'header',
  placeholder: "'NAME: VALUE'",
  about: 'add a header to the request, or with @FILE or @env:NAME one for each line of those; may be repeated',
  read: (text) => (text.startsWith('@') ? readSecret(text) : readHeader(text)),
});

const user: ValueOption<Secret | undefined> = value<Secret | undefined>({
  short: 'u',
  long: 'user',
  placeholder: 'USER[:PASSWORD]',
  about: 'log in with Basic authentication; without a password it is taken from WS_PASSWORD; @FILE and @env:NAME work',
  read: readSecret,
  fallback: undefined,
});

const proxy: ValueOption<Secret | undefined> = value<Secret | undefined>({
  long: 'proxy',
  placeholder: 'URL',
  about:
    'connect through a proxy: http, https, socks5 or socks4a; env for what HTTP_PROXY and the like say; @FILE and @env:NAME work',
  read: readSecret,
  fallback: undefined,
});

const timeoutSecs: ValueOption<number> = value({
  long: 'timeout',
  placeholder: 'SECONDS',
  about: 'how long connecting may take',
  read: (text) => readSeconds(text),
  fallback: 20,
  shownDefault: '20',
});

export const clientOptions: OptionsFor<ClientValues> = { headers, user, proxy, timeoutSecs, ...clientTlsOptions };
