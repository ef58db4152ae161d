import type { WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import { ConnectError } from '../../errors.ts';
import { excerpt } from '../../util/excerpt.ts';
import { saidWith } from './answer-text.ts';
import { causeOf } from './phrases.ts';

/** Explains a status other than 101. */
export function explainStatus(info: WebSocketErrorInfo): string {
  const { httpStatus } = info;
  const refused = `The server refused with status ${httpStatus}`;
  const said = saidWith(info);
  const wait = waitOf(info);
  switch (httpStatus) {
    case 400:
      return `${refused}: it did not like the request.${said}${missingFrom(info)} A header may be wrong, or a proxy in between has changed it.`;
    case 401:
      return `${refused}: it does not know who we are.${said} Put a user name and a password into the URL, or a token into an Authorization header.`;
    case 403:
      return `${refused}: this connection is not allowed.${said}${missingFrom(info)} Check the credentials, and whether the server expects another Origin.`;
    case 404:
    case 405:
    case 410:
      return `${refused}: there is no WebSocket at that path.${said} Check the path of the URL.`;
    case 407:
      return `${refused}, which comes from a proxy in between that wants credentials.${said} Name it with the option proxy.`;
    case 426:
      return `${refused}: it did not take the request for WebSocket.${said}${missingFrom(info)} It may speak another version, or a proxy in between has removed the Upgrade header.`;
    case 429:
      return `${refused}: too many attempts.${said}${wait} Connect less often.`;
    case 500:
      return `${refused}: something is wrong on its side.${said}${missingFrom(info)} Its log has the reason.`;
    case 501:
      return `${refused}: it does not do what this request asks for.${said}${missingFrom(info)} The path may have no WebSocket, or only for another subprotocol.`;
    case 502:
    case 503:
    case 504:
      return `${refused}: it is there, but cannot serve us now.${said}${wait} It may be overloaded or restarting; try again later.`;
    default:
      if (httpStatus >= 300 && httpStatus < 400) {
        return `${refused}, a redirect that leads nowhere.${said} Use the right URL directly, or look at maxRedirects.`;
      }
      if (httpStatus >= 500) return `${refused}: something is wrong on its side.${said} Its log has the reason.`;
      return `${refused} in place of 101, so it is no WebSocket.${said} Check host, port and path.`;
  }
}

/** The answer breaks the rules of HTTP, or is none. */
export function explainMalformed(info: WebSocketErrorInfo): string {
  const { httpStatus, reason } = info;
  if (reason.includes('The answer is TLS')) {
    return 'The server speaks TLS on that port, and was asked in plain text. Use wss:// in place of ws://.';
  }
  if (httpStatus !== 0) {
    return `The server answered with status ${httpStatus}, in a way that breaks the rules of HTTP: ${causeOf(info)}. It, or a proxy in between, has to be corrected.`;
  }
  return `The server answered something that is not HTTP. Something that is not a WebSocket server may be listening there: check host, port and path. The details: ${causeOf(info)}.`;
}

/** The answer came in another version of HTTP; what it says counts more than that. */
export function explainVersion(info: WebSocketErrorInfo): string {
  const { attempt, httpStatus } = info;
  const version = attempt?.response === undefined ? 'an old version of HTTP' : `HTTP/${attempt.response.version}`;
  if (httpStatus !== 101 && httpStatus !== 0) {
    return `${explainStatus(info)} It answered in ${version}, and WebSocket needs 1.1.`;
  }
  return `The server, or a proxy in front of it, speaks ${version}, and WebSocket needs 1.1. A proxy may have to be told to use HTTP/1.1 towards its server.`;
}

/** The answer is 101 without the field that says what is switched to. */
export function explainSwitch({ attempt }: WebSocketErrorInfo, field: 'Upgrade' | 'Connection'): string {
  const value = attempt?.response?.headers.get(field);
  const received = value === undefined ? `without ${field}` : `with ${field}: ${excerpt(value)}`;
  return `The server did not switch to WebSocket: it answered ${received}. A proxy in between has probably changed the ${field} header, and must be set up to pass it on.`;
}

/** The subprotocol that was chosen is none of those that were offered. */
export function explainSubprotocol({ attempt }: WebSocketErrorInfo): string {
  const chosen = attempt?.response?.headers.get('Sec-WebSocket-Protocol');
  const offered = attempt?.request?.headers.get('Sec-WebSocket-Protocol');
  if (chosen === undefined) {
    return 'The server chose a subprotocol that was not offered. Offer it with the option subprotocols, or correct the server.';
  }
  // The names of those are not repeated: some programs put tokens into them.
  const offers = offered === undefined ? 'and none was offered' : 'which is none of those that were offered';
  return `The server chose the subprotocol ${excerpt(chosen)}, ${offers}. Offer it with the option subprotocols, or correct the server.`;
}

/** The connection ended before the answer, or inside of it. */
export function explainConnectionLost(info: WebSocketErrorInfo): string {
  const { httpStatus, attempt } = info;
  if (httpStatus === 101) {
    return 'The server agreed, and hung up before its answer was complete. It may be restarting, or a proxy in between cut the connection.';
  }
  if (httpStatus !== 0) return `${explainStatus(info)} It hung up before its answer was complete.`;
  const hasOffered = attempt?.request?.headers.has('Sec-WebSocket-Protocol') === true;
  const subprotocols = hasOffered
    ? ' Some servers do so when they know none of the subprotocols that are offered: compare the option subprotocols with theirs.'
    : '';
  return `The server hung up before it had answered.${subprotocols} It may expect TLS (try wss://), have no WebSocket at the path of the URL, be restarting, or a proxy in between does not let WebSocket through.`;
}

/** Names what the request lacked, or had, that servers are known to refuse without saying so. */
function missingFrom({ attempt, httpStatus, reason }: WebSocketErrorInfo): string {
  // Said by the body of a 400.
  if (reason.endsWith('(the port expects TLS, as in wss://)')) return ' The port expects TLS: use wss://.';
  const headers = attempt?.request?.headers;
  if (attempt === undefined || headers === undefined) return '';
  let text = '';
  if (httpStatus !== 500 && !headers.has('Origin')) {
    text += ` No Origin was sent, and some servers ask for one: extraHeaders: { Origin: '${originOf(attempt.url)}' } sends it.`;
  }
  if (httpStatus === 501 && !headers.has('Sec-WebSocket-Protocol')) {
    text += ' No subprotocol was offered, and some servers ask for one: see the option subprotocols.';
  }
  const offer = headers.get('Sec-WebSocket-Extensions') ?? '';
  const side = /(server|client)_max_window_bits=/.exec(offer)?.[1];
  if ((httpStatus === 400 || httpStatus === 500) && side !== undefined) {
    text += ` Some servers stumble over the offer of ${side}_max_window_bits: leave ${side}MaxWindowBits out, or let onBadNegotiation: 'retry-without' do so when needed.`;
  }
  return text;
}

/** The origin of a page on the server itself, which most servers accept. */
function originOf(url: string): string {
  const [, secure = '', host = 'host'] = /^ws(s?)(?:\+unix)?:\/*([^/?]*)/.exec(url) ?? [];
  return `http${secure}://${host === '' ? 'localhost' : host}`;
}

function waitOf({ cause }: WebSocketErrorInfo): string {
  const retryAfterMs = cause instanceof ConnectError ? cause.retryAfterMs : undefined;
  return retryAfterMs === undefined ? '' : ` It asks to wait for ${Math.ceil(retryAfterMs / 1000)} s.`;
}
