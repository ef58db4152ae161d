import { UsageError } from '../../errors.ts';
import { currentHttpDate } from '../../http/http-date.ts';
import { formatResponseLine, reasonPhrase } from '../../protocol/http1/head/head-writer.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import { parseContentLength } from '../../protocol/http1/message/body-framing.ts';
import { equalsIgnoringCase, listIncludes } from '../../protocol/http1/tokens.ts';

/** The fields of a response as its maker gave them, sorted into what is sent as it stands and what the server decides. */
export interface ResponseFields {
  /** Lines that are sent as they stand. */
  lines: string;
  hasType: boolean;
  hasDate: boolean;
  hasServer: boolean;
  hasUpgrade: boolean;
  /** `Connection: close` was wanted. */
  isClosing: boolean;
  contentType: string | undefined;
  contentLength: number | undefined;
  contentEncoding: string | undefined;
  cacheControl: string | undefined;
  hasRange: boolean;
  etag: string | undefined;
  vary: string | undefined;
}

/** There is one, used again for each response: it is read before anything else can happen. */
const fields: ResponseFields = emptyFields();

function emptyFields(): ResponseFields {
  return {
    lines: '',
    hasType: false,
    hasDate: false,
    hasServer: false,
    hasUpgrade: false,
    isClosing: false,
    contentType: undefined,
    contentLength: undefined,
    contentEncoding: undefined,
    cacheControl: undefined,
    hasRange: false,
    etag: undefined,
    vary: undefined,
  };
}

function clear(): void {
  fields.lines = '';
  fields.hasType = false;
  fields.hasDate = false;
  fields.hasServer = false;
  fields.hasUpgrade = false;
  fields.isClosing = false;
  fields.contentType = undefined;
  fields.contentLength = undefined;
  fields.contentEncoding = undefined;
  fields.cacheControl = undefined;
  fields.hasRange = false;
  fields.etag = undefined;
  fields.vary = undefined;
}

/**
 * Sorts the fields of a response; the result is valid until the next call. How a body is delimited, and whether the
 * connection lives on, is never left to the maker of a response: those fields are dropped, or taken as a wish.
 *
 * @throws UsageError (`invalidOption`) for what could not be sent
 */
export function sortFields(headers: HttpHeaders): ResponseFields {
  clear();
  // A response is a plain object to its maker, who may have put anything there.
  const list = (headers instanceof HttpHeaders ? headers : HttpHeaders.from(headers)).flat;
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    const value = list[i + 1] as string;
    if (isKept(name, value)) fields.lines += `${name}: ${value}\r\n`;
  }
  return fields;
}

/** Tells if the field is sent as it stands; the length of its name leaves at most a few to compare with. */
function isKept(name: string, value: string): boolean {
  switch (name.length) {
    case 4:
      if (equalsIgnoringCase(name, 'Date')) fields.hasDate = true;
      else if (equalsIgnoringCase(name, 'ETag')) return dropEtag(value);
      else if (equalsIgnoringCase(name, 'Vary')) return dropVary(value);
      return true;
    case 6:
      if (equalsIgnoringCase(name, 'Server')) fields.hasServer = true;
      return true;
    case 7:
      if (equalsIgnoringCase(name, 'Upgrade')) fields.hasUpgrade = true;
      return true;
    case 10:
      if (equalsIgnoringCase(name, 'Keep-Alive')) return false;
      return !equalsIgnoringCase(name, 'Connection') || dropConnection(value);
    case 12:
      if (equalsIgnoringCase(name, 'Content-Type')) noteType(value);
      return true;
    case 13:
      if (equalsIgnoringCase(name, 'Content-Range')) fields.hasRange = true;
      else if (equalsIgnoringCase(name, 'Cache-Control')) fields.cacheControl = value;
      return true;
    case 14:
      return !equalsIgnoringCase(name, 'Content-Length') || dropLength(value);
    case 16:
      if (equalsIgnoringCase(name, 'Content-Encoding')) fields.contentEncoding = value;
      return true;
    case 17:
      return !equalsIgnoringCase(name, 'Transfer-Encoding');
    default:
      return true;
  }
}

function noteType(value: string): void {
  fields.hasType = true;
  fields.contentType = value;
}

function dropEtag(value: string): false {
  fields.etag = value;
  return false;
}

function dropVary(value: string): false {
  fields.vary = fields.vary === undefined ? value : `${fields.vary}, ${value}`;
  return false;
}

function dropConnection(value: string): false {
  if (listIncludes(value, 'close')) fields.isClosing = true;
  return false;
}

function dropLength(value: string): false {
  const length = parseContentLength(value);
  if (length === undefined) throw new UsageError('Content-Length', 'must be a whole number');
  if (fields.contentLength !== undefined && fields.contentLength !== length) {
    throw new UsageError('Content-Length', 'is given twice, with different values');
  }
  fields.contentLength = length;
  return false;
}

const statusLines = new Map<number, string>();

/**
 * The status line. An empty description stands for the registered phrase.
 *
 * @throws UsageError (`invalidOption`) for a status that is none of a final response, or a description that cannot be sent
 */
export function statusLine(status: number, description: string): string {
  if (description === '' || description === reasonPhrase(status)) {
    const known = statusLines.get(status);
    if (known !== undefined) return known;
    checkStatus(status);
    const line = formatResponseLine(status);
    statusLines.set(status, line);
    return line;
  }
  checkStatus(status);
  return formatResponseLine(status, description);
}

function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new UsageError('statusCode', 'must be a whole number from 200 to 599');
  }
}

let formattedDate = '';
let formattedServer = '';
let dateAndServer = '';

/** `Date` and the line of `Server`, where the response has none of its own. */
export function ownLines(
  { hasDate, hasServer }: Pick<ResponseFields, 'hasDate' | 'hasServer'>,
  server: string,
): string {
  const date = currentHttpDate();
  if (date !== formattedDate || server !== formattedServer) {
    formattedDate = date;
    formattedServer = server;
    dateAndServer = `Date: ${date}\r\n${server}`;
  }
  if (!hasDate && !hasServer) return dateAndServer;
  if (!hasDate) return `Date: ${date}\r\n`;
  return hasServer ? '' : server;
}

/** `Connection`, where it differs from what the version of the peer takes for granted (RFC 9112 9.3). */
export function connectionLine(isKeptAlive: boolean, isHttp10: boolean, hasUpgrade: boolean): string {
  // RFC 9110 7.8: who sends Upgrade names it here.
  if (hasUpgrade) return isKeptAlive ? 'Connection: Upgrade\r\n' : 'Connection: close, Upgrade\r\n';
  if (!isKeptAlive) return 'Connection: close\r\n';
  return isHttp10 ? 'Connection: keep-alive\r\n' : '';
}
