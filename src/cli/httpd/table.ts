import { BadValue, type CommandTable, flag, list, type OptionsFor, value } from '../line/command-table.ts';
import { readPath } from '../line/value-readers.ts';
import { type ServerValues, serverOptions } from '../peers/shared-options.ts';

/** Values that a server of files has in common with those of WebSockets. */
type ListenerValues = Omit<ServerValues, 'withoutDeflate' | 'withoutPong' | 'maxMessageSize'>;

export interface HttpdValues extends ListenerValues {
  readonly root: string | undefined;
  readonly redirects: boolean;
  readonly redirectUrl: string | undefined;
  readonly isDebug: boolean;
  readonly hasListing: boolean;
  readonly isSinglePage: boolean;
  readonly hasCors: boolean;
  readonly corsOrigins: readonly string[];
  readonly cache: string | undefined;
  readonly isPrecompressed: boolean;
  readonly withoutCompression: boolean;
}

const { withoutDeflate: _deflate, withoutPong: _pong, maxMessageSize: _size, ...listenerOptions } = serverOptions;

/** Seconds that caches may keep a file, or the whole value of `Cache-Control`. */
function readCache(text: string): string {
  if (/^\d{1,9}$/.test(text)) return `public, max-age=${Number(text)}`;
  if (/^[\x21-\x7e][\x20-\x7e]*$/.test(text)) return text;
  throw new BadValue(`must be a number of seconds, or a value of Cache-Control such as no-store, not '${text}'`);
}

function readLocation(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new BadValue('must be a URL without spaces, percent-encoded');
}

function readOrigin(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null';
  if (origin === text.replace(/\/$/, '') && origin !== 'null') return origin;
  throw new BadValue(`must be an origin such as https://example.com, not '${text}'`);
}

const ownOptions: OptionsFor<Omit<HttpdValues, keyof ListenerValues | 'root'>> = {
  hasListing: flag({ long: 'listing', about: 'list directories that have no index.html' }),
  isSinglePage: flag({ long: 'spa', about: 'answer for pages that do not exist with index.html of the root' }),
  hasCors: flag({ long: 'cors', about: 'let pages of every origin read the files' }),
  corsOrigins: list({
    long: 'cors-origin',
    placeholder: 'ORIGIN',
    about: 'let pages of this origin read the files; may be repeated',
    read: readOrigin,
  }),
  cache: value<string | undefined>({
    long: 'cache',
    placeholder: 'SECONDS',
    about: 'how long caches may keep a file without asking, or a whole value of Cache-Control',
    read: readCache,
    fallback: undefined,
    shownDefault: 'no-cache: they ask each time',
  }),
  isPrecompressed: flag({ long: 'precompressed', about: 'send page.html.br or page.html.gz for page.html' }),
  withoutCompression: flag({
    long: 'disable-compression',
    aliases: ['no-compression'],
    about: 'do not compress responses; --no-compression is the same',
  }),
  redirects: flag({ short: 'L', long: 'redirect', about: 'redirect everything to --redirect_url' }),
  redirectUrl: value<string | undefined>({
    long: 'redirect_url',
    placeholder: 'URL',
    about: 'where -L redirects to',
    read: readLocation,
    fallback: undefined,
  }),
  isDebug: flag({ short: 'D', long: 'debug', about: 'print every request, headers and body, and answer OK' }),
};

export const httpdTable: CommandTable<HttpdValues, 'root'> = {
  name: 'httpd',
  summary: 'serve the files of a folder by HTTP',
  examples: [
    ['ws httpd', 'serve this folder at http://127.0.0.1:8008/'],
    ['ws httpd --listing --port 8000 public', 'serve public, with pages that list folders'],
    ['ws httpd --tls-self-signed --spa dist', 'serve an application by HTTPS'],
  ],
  arguments: {
    root: { placeholder: 'path', about: 'the folder, this one by default', read: readPath, isOptional: true },
  },
  options: { ...listenerOptions, ...ownOptions },
};
