import {
  type CommandTable,
  type FlagOption,
  flag,
  type ListOption,
  list,
  type OptionsFor,
  type ValueOption,
  value,
} from '../line/command-table.ts';
import { readInteger, readPath, readSeconds, readSecret, readText } from '../line/value-readers.ts';
import { type ClientValues, clientOptions } from '../peers/client-option-table.ts';
import type { HeaderSource, Secret } from '../terminal/files/secrets.ts';
import {
  type Address,
  type FormPart,
  type RemovedHeader,
  readAddress,
  readCurlHeader,
  readForm,
  readOffset,
  readRange,
  readStringForm,
  readToken,
} from './option-readers.ts';

/** The options about what is sent. */
interface RequestValues {
  readonly method: string | undefined;
  readonly data: readonly string[];
  readonly rawData: readonly string[];
  readonly binaryData: readonly string[];
  readonly encodedData: readonly string[];
  readonly jsonData: readonly string[];
  readonly forms: readonly FormPart[];
  readonly stringForms: readonly FormPart[];
  readonly upload: string | undefined;
  readonly putsDataIntoUrl: boolean;
  readonly isHead: boolean;
  readonly range: string | undefined;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  readonly cookies: readonly Secret[];
  readonly asksForCompression: boolean;
  readonly compressesRequest: boolean;
}

/** The options about the way, and the time for it. */
interface TransferValues extends Omit<ClientValues, 'timeoutSecs' | 'headers'> {
  readonly headers: readonly (HeaderSource | RemovedHeader)[];
  readonly follows: boolean;
  readonly keepsPath: boolean;
  readonly maxRedirects: number;
  readonly connectTimeoutSecs: number;
  readonly transferTimeoutSecs: number;
  readonly retries: number;
  readonly retryDelaySecs: number | undefined;
  readonly addresses: readonly Address[];
  readonly unixSocket: string | undefined;
  readonly isIPv4: boolean;
  readonly isIPv6: boolean;
}

/** The options about the answer. */
interface OutputValues {
  readonly outputs: readonly string[];
  readonly usesRemoteName: boolean;
  readonly usesHeaderName: boolean;
  readonly mayReplace: boolean;
  readonly offset: number | 'auto' | undefined;
  readonly includesHeaders: boolean;
  readonly headerFile: string | undefined;
  readonly writeOut: string | undefined;
  readonly isRaw: boolean;
  readonly fails: boolean;
  readonly failsWithBody: boolean;
  readonly isSilent: boolean;
  readonly showsErrors: boolean;
  readonly isVerbose: boolean;
}

export interface CurlValues extends RequestValues, TransferValues, OutputValues {
  readonly urls: readonly string[];
}

type Named = { readonly short?: string; readonly long: string; readonly aliases?: readonly string[] };

const text = (names: Named, placeholder: string, about: string): ValueOption<string | undefined> =>
  value<string | undefined>({ ...names, placeholder, about, read: readText, fallback: undefined });
const file = (names: Named, about: string): ValueOption<string | undefined> =>
  value<string | undefined>({ ...names, placeholder: 'FILE', about, read: readPath, fallback: undefined });
const texts = (names: Named, placeholder: string, about: string): ListOption<string> =>
  list({ ...names, placeholder, about, read: readText });
const yes = (short: string, long: string, about: string): FlagOption => flag({ short, long, about });

const requestOptions: OptionsFor<RequestValues> = {
  data: texts(
    { short: 'd', long: 'data', aliases: ['data-ascii'] },
    'DATA',
    'send this in a POST, or a file without its line ends with @FILE; several are joined by &',
  ),
  rawData: texts({ long: 'data-raw' }, 'DATA', 'send this, also where it begins with @'),
  binaryData: texts({ long: 'data-binary' }, 'DATA', 'send this, or a file as it is with @FILE'),
  encodedData: texts(
    { long: 'data-urlencode' },
    'DATA',
    'send this percent-encoded: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE',
  ),
  jsonData: texts({ long: 'json' }, 'DATA', 'send this JSON, or a file with @FILE, and ask for JSON'),
  forms: list({
    short: 'F',
    long: 'form',
    placeholder: 'NAME=CONTENT',
    about:
      'send a part of a multipart form; @FILE uploads a file, <FILE takes the content from one; then ;type=TYPE ;filename=NAME',
    read: readForm,
  }),
  stringForms: list({
    long: 'form-string',
    placeholder: 'NAME=TEXT',
    about: 'send a part of a multipart form as it is typed',
    read: readStringForm,
  }),
  upload: file({ short: 'T', long: 'upload-file' }, 'send this file in a PUT; - is standard input'),
  putsDataIntoUrl: yes('G', 'get', 'put the data of -d into the query of a GET'),
  method: value<string | undefined>({
    short: 'X',
    long: 'request',
    placeholder: 'METHOD',
    about: 'use this method',
    read: readToken,
    fallback: undefined,
  }),
  isHead: yes('I', 'head', 'ask for the headers only, and show them'),
  range: value<string | undefined>({
    short: 'r',
    long: 'range',
    placeholder: 'RANGE',
    about: 'ask for a part, such as 0-499, 500- or -500',
    read: readRange,
    fallback: undefined,
  }),
  userAgent: text({ short: 'A', long: 'user-agent' }, 'NAME', 'who to say that asks'),
  referer: text({ short: 'e', long: 'referer' }, 'URL', 'which page to say that leads here'),
  cookies: list({
    short: 'b',
    long: 'cookie',
    placeholder: 'NAME=VALUE',
    about: 'send cookies, several joined by a semicolon; @FILE and @env:NAME work',
    read: readSecret,
  }),
  asksForCompression: flag({ long: 'compressed', about: 'ask for a compressed answer, and decompress it' }),
  compressesRequest: flag({ long: 'compress_request', about: 'send the body as gzip' }),
};

const { timeoutSecs: _timeout, ...access } = clientOptions;

const transferOptions: OptionsFor<TransferValues> = {
  follows: yes('L', 'location', 'follow redirects'),
  keepsPath: flag({ long: 'path-as-is', about: 'leave /./ and /../ in the path of the URL as they are' }),
  maxRedirects: value({
    long: 'max-redirects',
    aliases: ['max-redirs'],
    placeholder: 'NUMBER',
    about: 'how many of them',
    // curl takes -1 for as many as it takes.
    read: (typed) => (typed === '-1' ? 100 : readInteger(0, 100)(typed)),
    fallback: 5,
    shownDefault: '5',
  }),
  connectTimeoutSecs: value({
    long: 'connect-timeout',
    placeholder: 'SECONDS',
    about: 'how long connecting may take, 0 for any time',
    read: readSeconds,
    fallback: 60,
    shownDefault: '60',
  }),
  transferTimeoutSecs: value({
    short: 'm',
    long: 'transfer-timeout',
    aliases: ['max-time'],
    placeholder: 'SECONDS',
    about: 'how long all of it may take, 0 for any time; --max-time is the same',
    read: readSeconds,
    fallback: 1800,
    shownDefault: '1800',
  }),
  retries: value({
    long: 'retry',
    placeholder: 'NUMBER',
    about: 'try again after a failure that may pass: no connection, a timeout, status 429, 502, 503 or 504',
    read: readInteger(0, 100),
    fallback: 0,
  }),
  retryDelaySecs: value<number | undefined>({
    long: 'retry-delay',
    placeholder: 'SECONDS',
    about: 'how long to wait before that',
    read: readSeconds,
    fallback: undefined,
    shownDefault: '0.1, then twice as long each time up to 10',
  }),
  ...access,
  headers: {
    ...access.headers,
    about: `${access.headers.about}; 'NAME:' leaves a field out, 'NAME;' sends it empty`,
    read: readCurlHeader,
  },
  proxy: { ...access.proxy, short: 'x' },
  certFile: { ...access.certFile, short: 'E', aliases: ['cert'] },
  keyFile: { ...access.keyFile, aliases: ['key'] },
  keyPassphrase: { ...access.keyPassphrase, aliases: ['pass'] },
  caFile: { ...access.caFile, aliases: ['cacert'] },
  withoutVerification: { ...access.withoutVerification, aliases: ['insecure'] },
  addresses: list({
    long: 'resolve',
    placeholder: 'HOST:PORT:ADDRESS',
    about: 'connect to this address for a host and port; * is every host',
    read: readAddress,
  }),
  unixSocket: file({ long: 'unix-socket' }, 'connect to this unix socket'),
  isIPv4: yes('4', 'ipv4', 'connect to IPv4 addresses only'),
  isIPv6: yes('6', 'ipv6', 'connect to IPv6 addresses only'),
};

const outputOptions: OptionsFor<OutputValues> = {
  outputs: list({
    short: 'o',
    long: 'output',
    placeholder: 'FILE',
    about: 'write the body to this file, one for each URL; - is standard output, binary or not',
    read: readPath,
  }),
  usesRemoteName: yes('O', 'remote-name', 'write the body to a file in this folder, named as in the URL'),
  usesHeaderName: yes('J', 'remote-header-name', 'with -O: name it as the server says; such a file is not replaced'),
  mayReplace: flag({ long: 'force', about: 'with -J: replace a file that is there already' }),
  offset: value<number | 'auto' | undefined>({
    short: 'C',
    long: 'continue-at',
    placeholder: 'OFFSET',
    about: 'go on with a download at this byte; - finds out from the file that is there',
    read: readOffset,
    fallback: undefined,
  }),
  includesHeaders: flag({
    short: 'i',
    long: 'include',
    aliases: ['show-headers'],
    about: 'show the headers of the answer before its body',
  }),
  headerFile: file({ short: 'D', long: 'dump-header' }, 'write the headers of the answer to this file'),
  writeOut: text(
    { short: 'w', long: 'write-out' },
    'FORMAT',
    'show this at the end, with %{http_code}, %{size_download}, %{time_total}, %{json} and more; @FILE takes it from a file',
  ),
  isRaw: flag({ long: 'raw', about: 'show the body on a terminal as it is, without escapes' }),
  fails: yes('f', 'fail', 'end with 22, and without the body, when the status is 400 or more'),
  failsWithBody: flag({ long: 'fail-with-body', about: 'end with 22 then, and show the body' }),
  isSilent: yes('s', 'silent', 'show neither errors nor progress'),
  showsErrors: yes('S', 'show-error', 'with -s: show errors'),
  isVerbose: yes('v', 'verbose', 'show on stderr what is sent and received, without passwords'),
};

export const curlTable: CommandTable<CurlValues, 'urls'> = {
  name: 'curl',
  summary: 'make HTTP requests, and look at opening handshakes of WebSockets',
  examples: [
    ['ws curl http://127.0.0.1:8008/', 'show a page'],
    ['ws curl --json \'{"a":1}\' -fsS https://example.com/api', 'send JSON; end with 22 for an error'],
    ['ws curl -L -O -C - https://example.com/image.iso', 'download a file, or the rest of it'],
  ],
  arguments: {
    urls: {
      placeholder: 'url',
      about: 'what to request: http:// unless it says otherwise; ws:// and wss:// show a handshake',
      read: readText,
      isList: true,
    },
  },
  options: { ...requestOptions, ...transferOptions, ...outputOptions },
};
