import type { WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import { TunnelError } from '../../transport/tunnel/tunnel-error.ts';
import { causeOf, proxyOf } from './phrases.ts';

/** Explains the refusal of a proxy that was reached. */
export function explainProxyRefusal(info: WebSocketErrorInfo): string {
  const url = proxyOf(info);
  const tunnel = info.cause.cause;
  const reply = tunnel instanceof TunnelError ? tunnel.socksReply : 0;
  return reply === 0 ? explainHttp(info, url) : explainSocks(info, reply, url);
}

/** Explains an answer that is none of a proxy, and the end of the stream in place of one. */
export function explainProxyFailure(info: WebSocketErrorInfo): string {
  if (info.httpStatus >= 200 && info.httpStatus < 300) {
    return `The proxy${proxyOf(info)} agreed, and hung up before its answer was complete. Try again; if that is of no use, its log has the reason.`;
  }
  if (info.httpStatus !== 0) return `${explainHttp(info, proxyOf(info))} It hung up before its answer was complete.`;
  if (causeOf(info) === 'it hung up') {
    return `The proxy${proxyOf(info)} hung up without an answer. Some do so when they cannot reach the server: check its host and port, then the scheme in the URL of the proxy: http, https, socks5 or socks4a.`;
  }
  return `The proxy${proxyOf(info)} did not answer as one: ${causeOf(info)}. Check the scheme of its URL: http, https, socks5 or socks4a.`;
}

function explainHttp(info: WebSocketErrorInfo, url: string): string {
  const proxy = `The proxy${url}`;
  const { httpStatus } = info;
  switch (httpStatus) {
    case 407:
      return `${proxy} asks for a user name and a password, or for others than it got. Put them into its URL: http://user:password@host:port.`;
    case 403:
      return `${proxy} does not allow connections to this server or port. Ask whoever runs it, or use port 443, which most proxies allow.`;
    case 400:
    case 404:
    case 405:
    case 426:
    case 501:
      return `What listens at${url === '' ? ' the address of the proxy' : url} answered ${httpStatus} to CONNECT, so it may be no forward proxy but a web server. Check host and port of the proxy; if it is one, ${httpStatus === 404 ? 'whether the name of the server is known there' : 'whether it allows CONNECT to this port'}.`;
    case 500:
      return `${proxy} failed, or could not reach the server: tinyproxy answers 500 when the name of the server is unknown or nothing listens there. Check host and port of the server, then the log of the proxy.`;
    case 502:
    case 503:
    case 504:
      return `${proxy} could not reach the server. Check host and port of the server; it may be known to other networks only.`;
    default:
      return `${proxy} refused the connection: ${causeOf(info)}. Check its credentials, and whether it may connect to this server.`;
  }
}

/** By the reply (RFC 1928 section 6; from 91 on of SOCKS4). */
function explainSocks(info: WebSocketErrorInfo, reply: number, url: string): string {
  const proxy = `The proxy${url}`;
  switch (reply) {
    case 1:
      return `${proxy} failed for a reason that it does not give. It may not reach the server; its log has more.`;
    case 2:
      return `${proxy} does not allow connections to this server or port. Ask whoever runs it, or use port 443, which most proxies allow.`;
    case 3:
      return `${proxy} has no route to the network of the server. Check the host; the server may be known to other networks only.`;
    case 4:
      return `${proxy} cannot reach the machine of the server: its name is unknown there, or it is off. Check the host.`;
    case 5:
      return `The proxy${url} works, and the server refused its connection: nothing listens on that port. Check whether the server is running, and on that port.`;
    case 6:
      return `${proxy} cannot reach the server: what it sends is on its way for too long and dropped. The network between the two has to be repaired, or the address is wrong.`;
    case 7:
      return `${proxy} does not make connections for its clients. It is set up for something else; use another one.`;
    case 8:
      return `${proxy} does not know this kind of address. Give the server by its name or by an IPv4 address.`;
    case 91:
      return `${proxy} refused, or failed: SOCKS4 does not tell these apart. Its log has more; with socks5:// in place of socks4a:// it may say why.`;
    case 92:
      return `${proxy} asks the identd of this machine who we are, and cannot reach it. Start one, or use socks5:// with a user name and a password.`;
    case 93:
      return `${proxy} was told another user by the identd of this machine. Put that user name into the URL of the proxy.`;
    default:
      return `${proxy} refused the connection: ${causeOf(info)}. Check its credentials, and whether it may connect to this server.`;
  }
}
