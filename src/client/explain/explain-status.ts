import type { WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import { ConnectError, type IxError } from '../../errors.ts';

/** What a server meant that answered with a status other than 101. */
export function explainStatus({ httpStatus, cause }: WebSocketErrorInfo): string {
  const refused = `The server refused with status ${httpStatus}`;
  switch (httpStatus) {
    case 400:
      return `${refused}: it did not like the request. A header may be wrong, or a proxy in between has changed it; the body of the response may say more.`;
    case 401:
      return `${refused}: it does not know who we are. Put a user name and a password into the URL, or a token into an Authorization header.`;
    case 403:
      return `${refused}: this connection is not allowed. Check the credentials, and whether the server expects another Origin.`;
    case 404:
    case 405:
    case 410:
      return `${refused}: there is no WebSocket at that path. Check the path of the URL.`;
    case 407:
      return `${refused}, which comes from a proxy in between that wants credentials. Name it with the option proxy.`;
    case 426:
      return `${refused}: it did not take the request for WebSocket. It may speak another version, or a proxy in between has removed the Upgrade header.`;
    case 429:
      return `${refused}: too many attempts.${waitOf(cause)} Connect less often.`;
    case 502:
    case 503:
    case 504:
      return `${refused}: it is there, but cannot serve us now.${waitOf(cause)} It may be overloaded or restarting; try again later.`;
    default:
      if (httpStatus >= 300 && httpStatus < 400) {
        return `${refused}, a redirect that leads nowhere. Use the right URL directly, or look at maxRedirects.`;
      }
      if (httpStatus >= 500) return `${refused}: something is wrong on its side. Its log has the reason.`;
      return `${refused} in place of 101, so it is no WebSocket. Check host, port and path; the body of the response may say more.`;
  }
}

function waitOf(cause: IxError): string {
  const retryAfterMs = cause instanceof ConnectError ? cause.retryAfterMs : undefined;
  return retryAfterMs === undefined ? '' : ` It asks to wait for ${Math.ceil(retryAfterMs / 1000)} s.`;
}
