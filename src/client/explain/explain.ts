import type { WebSocketCloseInfo, WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import {
  explainConnectionLost,
  explainMalformed,
  explainStatus,
  explainSubprotocol,
  explainSwitch,
  explainVersion,
} from './explain-answer.ts';
import { explainClose } from './explain-close.ts';
import { explainProxyFailure, explainProxyRefusal } from './explain-proxy.ts';
import { causeOf, proxyOf, sentence } from './phrases.ts';

/**
 * Why there is no connection, or why it ended, in two or three plain sentences: what happened, and what to do about
 * it. Meant to be read by people; programs go by `code`. It repeats nothing secret of what this side sent, and quotes a
 * line of what the server said.
 *
 * @example
 * webSocket.on('error', (msg) => console.error(explain(msg.errorInfo)));
 * webSocket.on('close', (msg) => console.error(explain(msg.closeInfo)));
 */
export function explain(info: WebSocketErrorInfo | WebSocketCloseInfo): string {
  if ('remote' in info) return explainClose(info);
  const sentences: Readonly<Record<string, Explanation>> = explanations;
  const explanation = Object.hasOwn(sentences, info.code) ? sentences[info.code] : undefined;
  if (explanation === undefined) return `${sentence(info.reason)} ${nextStep(info)}`;
  return typeof explanation === 'string' ? explanation : explanation(info);
}

type Explanation = string | ((info: WebSocketErrorInfo) => string);

const TLS_OPTIONS =
  'Nothing was sent. Correct the TLS options; another attempt with the same ones fails in the same way.';

/** By the code of the error. */
const explanations = Object.freeze({
  invalidUrl: (info) =>
    `${sentence(info.reason)} Correct the URL; it has the form ws://host:port/path, or wss:// for TLS.`,
  invalidOption: (info) => `${sentence(info.reason)} The program that uses the library has to be corrected.`,
  lookupFailed:
    'The name of the server has no address. Check its spelling, and whether this machine is online and its name servers answer.',
  connectionRefused:
    'The machine was reached, and nothing listens on that port. Check whether the server is running, on that port, and on an address that is reachable from here.',
  connectFailed: (info) =>
    `The connection could not be made: ${causeOf(info)}. Check the address and the network in between.`,
  timeout: explainTimeout,
  cancelled: 'The attempt was ended by this program. Nothing is wrong with the server.',
  connectionLost: explainConnectionLost,
  malformedResponse: explainMalformed,
  badVersion: explainVersion,
  badStatus: explainStatus,
  invalidUpgrade: (info) => explainSwitch(info, 'Upgrade'),
  invalidConnection: (info) => explainSwitch(info, 'Connection'),
  invalidAccept:
    'The answer does not belong to our request. It may come from a cache, or the server is faulty; WebSocket requests must not be cached.',
  invalidSubprotocol: explainSubprotocol,
  invalidExtensions: (info) =>
    `The two sides do not agree about compression: ${causeOf(info)}. Switch it off with perMessageDeflate: false, or let onBadNegotiation: 'retry-without' do so when needed.`,
  invalidProxy: (info) => `${sentence(info.reason)} Correct the variable, or name the server in NO_PROXY.`,
  proxyUnreachable: (info) =>
    `The proxy${proxyOf(info)} could not be reached, so the server was not asked. Check the address of the proxy, and whether it is running: ${causeOf(info)}.`,
  proxyRefused: explainProxyRefusal,
  proxyFailed: explainProxyFailure,
  redirectRefused: (info) =>
    `${sentence(info.reason)} If that is where the connection should go, use the new URL directly.`,
  redirectLoop:
    'The server sends us in circles. Its redirects have to be corrected, or the URL is not the one it expects.',
  tooManyRedirects:
    'The server redirected more often than maxRedirects allows. Use the last URL directly, or raise the option.',
  providerFailed: (info) =>
    `${sentence(info.reason)} It is a function of this program that failed; the server was not asked.`,
  gaveUp: (info) => `${sentence(info.reason)} start() tries again.`,
  tlsOptionsDisabled: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsIncomplete: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsCertFile: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsKeyFile: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsKeyMismatch: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsPassphrase: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsCaFile: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsCiphers: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsOptionsRefused: (info) => `${sentence(info.reason)} ${TLS_OPTIONS}`,
  tlsCertificateExpired: (info) =>
    `The certificate of the server${certificateOf(info)} has expired. It has to be renewed by whoever runs the server, unless the clock of this machine is wrong.`,
  tlsCertificateNotYetValid: (info) =>
    `The certificate of the server${certificateOf(info)} is not valid yet. Compare the clocks of both machines.`,
  tlsCertificateInvalid: (info) =>
    `The certificate of the server${certificateOf(info)} cannot be used: ${causeOf(info)}. It has to be replaced by whoever runs the server.`,
  tlsHostnameMismatch: (info) =>
    `The certificate of the server is for other names${namesOf(info)}. Connect by one of those, or have the server get a certificate for this one.`,
  tlsSelfSigned:
    'The server signed its certificate itself, so nobody vouches for it. If it is yours, name that certificate as caFile; otherwise somebody may be in between.',
  tlsUnknownAuthority:
    'Nobody whom this machine trusts has signed the certificate of the server. Name its authority as caFile, or have the server send the certificates in between as well.',
  tlsClientCertificateRefused:
    'The server wants a certificate of this client, and got none or one that it does not accept. Set certFile and keyFile to one that its authority has signed.',
  tlsHandshakeFailed: (info) =>
    `The encrypted connection could not be set up: ${causeOf(info)}. The server may not speak TLS on that port (try ws://), or only versions that are too old or too new.`,
} satisfies Readonly<Record<string, Explanation>>);

/** @internal The codes that are explained. */
export const explainedCodes: readonly string[] = Object.keys(explanations);

function explainTimeout(info: WebSocketErrorInfo): string {
  const seconds = Math.round((info.attempt?.durationMs ?? 0) / 100) / 10;
  const after = seconds === 0 ? '' : ` after ${seconds} s`;
  switch (info.phase) {
    case 'lookup':
      return `The name of the server was not resolved in time${after}. Check the name servers of this machine.`;
    case 'connect':
      return `Nobody answered at that address${after}. The machine may be off, or a firewall in between drops what we send.`;
    case 'proxy':
      return `The proxy${proxyOf(info)} took the request and did not answer${after}. It may not reach the server, or expect another protocol.`;
    case 'tls':
      return `The server was reached, and the TLS handshake did not come to an end${after}. It may not speak TLS on that port: try ws://.`;
    default:
      return `The server was reached, and did not answer the request${after}. It may be overloaded, or no WebSocket server; wss:// may be meant.`;
  }
}

function nextStep({ retryable }: WebSocketErrorInfo): string {
  return retryable ? 'Another attempt may succeed.' : 'Another attempt will fail in the same way.';
}

function certificateOf({ attempt }: WebSocketErrorInfo): string {
  const certificate = attempt?.tls?.certificate;
  return certificate === undefined ? '' : ` (valid from ${certificate.validFrom} to ${certificate.validTo})`;
}

function namesOf({ attempt }: WebSocketErrorInfo): string {
  const names = attempt?.tls?.certificate?.subjectAltName?.replaceAll('DNS:', '').replaceAll('IP Address:', '');
  return names === undefined ? '' : `: ${names.length > 200 ? `${names.slice(0, 200)}…` : names}`;
}
