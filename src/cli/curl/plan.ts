import type { HttpClientOptions } from '../../index.ts';
import type { AccessPlan } from '../peers/client-access.ts';
import { planTls } from '../peers/tls-plan.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { HeaderSource, Secret } from '../terminal/files/secrets.ts';
import { toOctets } from '../terminal/octets.ts';
import type { BodyPlan, DataPiece } from './body.ts';
import { COMMAND } from './failure.ts';
import type { Address, RemovedHeader } from './option-readers.ts';
import type { CurlValues } from './table.ts';

/** One URL of the command line. */
export interface UrlPlan {
  /** As it was typed, with a scheme. */
  readonly url: string;
  readonly kind: 'http' | 'websocket' | 'unsupported';
}

/** The place for the body of one answer. */
export type TargetPlan =
  | { readonly kind: 'stdout'; readonly isRaw: boolean }
  | { readonly kind: 'file'; readonly path: string }
  /** Named as in the URL, or as the server says. */
  | { readonly kind: 'remote'; readonly asServerSays: boolean };

export interface OutputPlan {
  /** One for each URL. */
  readonly targets: readonly TargetPlan[];
  readonly mayReplace: boolean;
  readonly offset: number | 'auto' | undefined;
  readonly showsHeaders: boolean;
  readonly hasNoBody: boolean;
  readonly headerFile: string | undefined;
  /** A terminal gets everything as it is. */
  readonly isRaw: boolean;
  readonly writeOut: string | undefined;
  /** The way of an answer with a status from 400 on. */
  readonly onHttpError: 'show' | 'fail' | 'failWithBody';
  readonly showsErrors: boolean;
  readonly showsProgress: boolean;
  readonly isVerbose: boolean;
}

/** Times are in seconds, -1 for no limit, as the client takes them. */
export interface RequestPlan {
  readonly method: string;
  readonly body: BodyPlan;
  /** The data of the body is part of the URL instead. */
  readonly putsDataIntoUrl: boolean;
  /** Those of `-H` come before them. */
  readonly headers: readonly (readonly [string, string])[];
  /** The names of fields that the client would send of itself and leaves out, in lower case. */
  readonly omittedHeaders: readonly string[];
  readonly cookies: readonly Secret[];
  readonly follows: boolean;
  readonly maxRedirects: number;
  readonly connectTimeout: number;
  readonly transferTimeout: number;
  readonly retries: number;
  readonly retryDelaySecs: number | undefined;
  readonly asksForCompression: boolean;
  readonly compressesRequest: boolean;
  readonly socketPath: string | undefined;
}

/** Everything that `ws curl` is going to do. */
export interface CurlPlan {
  readonly urls: readonly UrlPlan[];
  readonly request: RequestPlan;
  readonly access: AccessPlan;
  readonly client: Pick<HttpClientOptions, 'tlsOptions' | 'family' | 'pathAsIs'>;
  readonly addresses: readonly Address[];
  readonly output: OutputPlan;
}

export function planCurl(values: CurlValues): CurlPlan {
  const body = planBody(values);
  const urls = values.urls.map((url) => planUrl(values.upload === undefined ? url : uploadUrl(url, values.upload)));
  if (urls.length > 1 && readsInput(body)) refuse('standard input can be sent once only', 'Give one URL.');
  if (values.isIPv4 && values.isIPv6) refuse('give either -4 or -6');
  return {
    urls,
    request: planRequest(values, body),
    access: {
      headers: values.headers.filter(isSent),
      user: values.user,
      proxy: values.proxy,
      keyPassphrase: values.keyPassphrase,
    },
    client: {
      tlsOptions: planTls(values),
      family: values.isIPv4 ? 4 : values.isIPv6 ? 6 : 0,
      pathAsIs: values.keepsPath,
    },
    addresses: values.addresses,
    output: planOutput(values),
  };
}

function refuse(why: string, hint?: string): never {
  throw new WrongUsage(COMMAND, why, hint);
}

/** As curl does, `host/path` is taken for `http://host/path`. */
function planUrl(typed: string): UrlPlan {
  if (/^http\+unix:/i.test(typed)) return { url: typed, kind: 'http' };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(typed)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return { url: `http://${typed}`, kind: 'http' };
    case 'http':
    case 'https':
      return { url: typed, kind: 'http' };
    case 'ws':
    case 'wss':
      return { url: typed, kind: 'websocket' };
    default:
      return { url: typed, kind: 'unsupported' };
  }
}

/** A file is put into the folder that the URL names. */
function uploadUrl(url: string, path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path === '-' || name === '' || /[?#]/.test(url)) return url;
  if (url.endsWith('/')) return `${url}${encodeURIComponent(name)}`;
  return /^([a-z][a-z0-9+.-]*:\/\/)?[^/]*$/i.test(url) ? `${url}/${encodeURIComponent(name)}` : url;
}

function isSent(header: HeaderSource | RemovedHeader): header is HeaderSource {
  return !('kind' in header) || header.kind !== 'removed';
}

function isRemoved(header: HeaderSource | RemovedHeader): header is RemovedHeader {
  return 'kind' in header && header.kind === 'removed';
}

function planBody(values: CurlValues): BodyPlan {
  const { forms, stringForms, upload, jsonData } = values;
  const pieces = dataPieces(values);
  const isForm = forms.length + stringForms.length > 0;
  const kinds = [upload !== undefined, jsonData.length > 0, isForm || pieces.length > 0].filter(Boolean).length;
  if (kinds > 1) refuse('-T, --json, and -d or -F are different bodies', 'Give one of them.');
  if (values.isHead && !values.putsDataIntoUrl && kinds > 0) refuse('-I asks for headers only, and sends no body');
  if (upload !== undefined) return { kind: 'upload', path: upload };
  if (jsonData.length > 0) return { kind: 'data', pieces: jsonData.map((data) => filePiece(data, true)), joint: '' };
  if (!isForm) return pieces.length === 0 ? { kind: 'none' } : { kind: 'data', pieces, joint: '&' };
  if (pieces.length > values.data.length) refuse('with -F, only -d adds to the form');
  return { kind: 'form', parts: [...forms, ...stringForms], fields: values.data.map(splitField) };
}

function dataPieces({ data, rawData, binaryData, encodedData }: CurlValues): DataPiece[] {
  return [
    ...data.map((text) => filePiece(text, false)),
    ...rawData.map((text) => ({ kind: 'text', text }) as const),
    ...binaryData.map((text) => filePiece(text, true)),
    ...encodedData.map(encodedPiece),
  ];
}

function filePiece(text: string, keepsLineEnds: boolean): DataPiece {
  if (!text.startsWith('@')) return { kind: 'text', text };
  if (text === '@') refuse('there is no file behind @');
  return { kind: 'file', path: text.slice(1), keepsLineEnds };
}

/** `content`, `=content`, `name=content`, `@file` or `name@file`. */
function encodedPiece(text: string): DataPiece {
  const at = text.search(/[=@]/);
  if (at < 0) return { kind: 'encoded', name: '', content: { text } };
  const [name, rest] = [text.slice(0, at), text.slice(at + 1)];
  return { kind: 'encoded', name, content: text[at] === '=' ? { text: rest } : { path: rest } };
}

function splitField(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function readsInput(body: BodyPlan): boolean {
  if (body.kind === 'upload') return body.path === '-';
  if (body.kind === 'form') {
    return body.parts.some(({ source }) => {
      if (source.kind === 'files') return source.files.some(({ path }) => path === '-');
      return source.kind === 'content' && source.path === '-';
    });
  }
  return (
    body.kind === 'data' &&
    body.pieces.some(
      (piece) =>
        (piece.kind === 'file' && piece.path === '-') ||
        (piece.kind === 'encoded' && 'path' in piece.content && piece.content.path === '-'),
    )
  );
}

function planRequest(values: CurlValues, body: BodyPlan): RequestPlan {
  const { putsDataIntoUrl, offset, range } = values;
  if (putsDataIntoUrl && body.kind !== 'data') refuse('-G needs data to put into the URL', 'Give some with -d.');
  if (offset !== undefined && range !== undefined) refuse('give either -C or -r');
  if (offset !== undefined && values.asksForCompression) refuse('parts of a compressed answer cannot be put together');
  return {
    method: values.method ?? methodFor(values, body),
    body,
    putsDataIntoUrl,
    headers: headersFor(values),
    omittedHeaders: removedFrom(values).filter(isOmittable),
    cookies: values.cookies,
    follows: values.follows,
    maxRedirects: values.maxRedirects,
    connectTimeout: values.connectTimeoutSecs || -1,
    transferTimeout: values.transferTimeoutSecs || -1,
    retries: values.retries,
    retryDelaySecs: values.retryDelaySecs,
    asksForCompression: values.asksForCompression,
    compressesRequest: values.compressesRequest,
    socketPath: values.unixSocket,
  };
}

function methodFor({ isHead, putsDataIntoUrl }: CurlValues, body: BodyPlan): string {
  if (isHead) return 'HEAD';
  if (body.kind === 'none' || putsDataIntoUrl) return 'GET';
  return body.kind === 'upload' ? 'PUT' : 'POST';
}

/** Fields that options stand for. */
function headersFor(values: CurlValues): readonly (readonly [string, string])[] {
  const { userAgent, referer, range, jsonData, putsDataIntoUrl } = values;
  const removed = removedFrom(values);
  const hasData = dataPieces(values).length > 0 && !putsDataIntoUrl;
  const isForm = values.forms.length + values.stringForms.length > 0;
  const wanted: (readonly [string, string | undefined])[] = [
    ['User-Agent', userAgent],
    ['Referer', referer],
    ['Range', range === undefined ? undefined : `bytes=${range}`],
    ['Accept', jsonData.length > 0 ? 'application/json' : undefined],
    [
      'Content-Type',
      jsonData.length > 0 ? 'application/json' : hasData && !isForm ? 'application/x-www-form-urlencoded' : undefined,
    ],
  ];
  return wanted.flatMap(([name, value]) =>
    value === undefined || removed.includes(name.toLowerCase()) ? [] : [[name, toOctets(value)] as const],
  );
}

function removedFrom({ headers }: CurlValues): readonly string[] {
  return headers.filter(isRemoved).map(({ name }) => name.toLowerCase());
}

/** The client sends no other fields of itself but those that frame the message. */
function isOmittable(name: string): boolean {
  return /^(accept|accept-encoding|authorization|content-type|host|user-agent)$/.test(name);
}

function planOutput(values: CurlValues): OutputPlan {
  const { outputs, usesRemoteName, usesHeaderName, offset } = values;
  if (outputs.length > 0 && usesRemoteName) refuse('give either -o or -O');
  if (usesHeaderName && !usesRemoteName) refuse('-J goes with -O');
  if (usesHeaderName && offset !== undefined)
    refuse('-C cannot know what the server will call the file', 'Leave -J out.');
  return {
    targets: values.urls.map((_url, index) => targetFor(values, outputs[index])),
    mayReplace: values.mayReplace,
    offset,
    showsHeaders: values.includesHeaders || values.isHead,
    hasNoBody: values.isHead,
    headerFile: values.headerFile,
    isRaw: values.isRaw,
    writeOut: values.writeOut,
    onHttpError: values.failsWithBody ? 'failWithBody' : values.fails ? 'fail' : 'show',
    showsErrors: !values.isSilent || values.showsErrors,
    showsProgress: !values.isSilent,
    isVerbose: values.isVerbose,
  };
}

function targetFor({ usesRemoteName, usesHeaderName, isRaw }: CurlValues, path: string | undefined): TargetPlan {
  if (usesRemoteName) return { kind: 'remote', asServerSays: usesHeaderName };
  if (path === undefined) return { kind: 'stdout', isRaw };
  return path === '-' ? { kind: 'stdout', isRaw: true } : { kind: 'file', path };
}
