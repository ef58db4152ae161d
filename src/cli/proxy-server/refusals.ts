import type { ConnectAttemptResponse, UpgradeRefusal, WebSocketErrorInfo } from '../../index.ts';
import { answeredHeaders } from './headers.ts';

/** No route has the name that the client asked for (RFC 9110 section 15.5.20). */
export const unknownHost: UpgradeRefusal = { status: 421, reason: 'No connection is passed on for this host' };

export const unknownPath: UpgradeRefusal = { status: 404, reason: 'No connection is passed on from this path' };

/** RFC 9110 section 15.6.3. What exactly failed is in the log: it is about machines that clients need not know of. */
export const badGateway: UpgradeRefusal = { status: 502, reason: 'The server behind this one cannot be connected to' };

/** RFC 9110 section 15.6.5. */
const gatewayTimeout: UpgradeRefusal = { status: 504, reason: 'The server behind this one did not answer in time' };

/** Not refusals of a request, or about the connection between this server and the one behind alone. */
const statusesOfOneConnection: readonly number[] = [304, 407, 426];

/** The answer to a client that gets no connection: the words of the server behind, if that refused it. */
export function refusalFor({ code, attempt }: WebSocketErrorInfo): UpgradeRefusal {
  const response = attempt?.response;
  if (code === 'badStatus' && response !== undefined && isPassedOn(response.status)) return passedOn(response);
  return code === 'timeout' ? gatewayTimeout : badGateway;
}

function isPassedOn(status: number): boolean {
  return status >= 300 && status <= 599 && !statusesOfOneConnection.includes(status);
}

function passedOn(response: ConnectAttemptResponse): UpgradeRefusal {
  const { status, statusText } = response;
  const body = textOf(response);
  const headers = answeredHeaders(response.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    // There is as much of the body as has come, or another one.
    return !lower.startsWith('content-') || (lower === 'content-type' && body !== undefined);
  });
  return { status, reason: statusText === '' ? 'The server behind this one refused it' : statusText, headers, body };
}

/** The start of a body, up to a whole character; `undefined` when it is no text, or compressed although nobody asked. */
function textOf({ headers, body, isTruncated }: ConnectAttemptResponse): string | undefined {
  if (headers.has('Content-Encoding')) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body, { stream: isTruncated });
  } catch {
    return undefined;
  }
}
