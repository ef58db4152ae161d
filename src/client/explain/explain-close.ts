import type { WebSocketCloseInfo } from '../../connection/messages/messages.ts';

/** What a close code means (RFC 6455 section 7.4.1, and the registry of IANA), and what to do about it. */
export function explainClose(closeInfo: WebSocketCloseInfo): string {
  const { code, reason, remote } = closeInfo;
  if (closeInfo.layer === 'transport') return explainBreak(closeInfo);
  const who = remote ? 'The server' : 'This side';
  const said = reason === '' ? '' : ` It said: ${printable(reason)}.`;
  return `${meaningOf(code, who, remote)}${said}`;
}

/** An end without a close frame that counts. */
function explainBreak({ reason, remote, cause }: WebSocketCloseInfo): string {
  if (reason === 'Send timeout') {
    return 'This side gave the connection up: nothing of what it had sent left for as long as sendTimeoutSecs allows, so the other side does not read, or is gone.';
  }
  if (!remote) {
    return 'This side ended the connection without a closing handshake: by terminate(), or because the other side did not answer a close frame in time.';
  }
  const said = cause === undefined ? '' : ` The system said: ${printable(cause.message)}.`;
  return `The connection broke without a closing handshake. The network, a proxy with a time limit for idle connections, or a crash of the server is the cause; pings at an interval keep idle connections open.${said}`;
}

function meaningOf(code: number, who: string, remote: boolean): string {
  const other = remote ? 'this program' : 'the server';
  switch (code) {
    case 1000:
      return `${who} closed the connection in order. Nothing is wrong.`;
    case 1001:
      return `${who} is going away, as in a restart or when a page is left. Connecting again later should work.`;
    case 1002:
      return `${who} found a violation of the WebSocket protocol. One of the two has a bug, or something in between changes what is sent.`;
    case 1003:
      return `${who} does not take this kind of data, such as binary where it wants text. Check what ${other} sends.`;
    case 1005:
      return `${who} closed the connection without giving a code. That is allowed, and most likely nothing is wrong.`;
    case 1007:
      return `${who} got data that it could not decode: text that is not UTF-8, or compression gone wrong. Check what ${other} sends; binary data must not be sent as text.`;
    case 1008:
      return `${who} closed for a rule of its own, such as missing permission or too many messages. The reason, if there is one, says more.`;
    case 1009:
      return `${who} got a message that is larger than it accepts. Send smaller messages, or raise the limit there: maxMessageSize here.`;
    case 1010:
      return `${who} needs an extension that was not agreed on. Compare the extensions that both sides offer.`;
    case 1011:
      return `${who} met an error that it did not expect. Its log has the cause; when the reason is about a ping, the other side had stopped answering.`;
    case 1012:
      return `${who} is restarting. Connecting again in a moment should work.`;
    case 1013:
      return `${who} is overloaded. Try again later, and less often.`;
    case 1014:
      return `${who} is a gateway, and got an invalid answer from the server behind it. The problem is over there.`;
    case 1015:
      return 'The TLS handshake failed. Check the certificates of both sides.';
    default:
      if (code >= 3000 && code < 4000) {
        return `${who} closed with code ${code}, which is registered for a library or framework. Its documentation says what it means.`;
      }
      if (code >= 4000 && code < 5000) {
        return `${who} closed with code ${code}, which the application chose. Its documentation says what it means.`;
      }
      return `${who} closed with code ${code}, which has no meaning that is known here.`;
  }
}

/** A reason is the peer's text, and may be made to drive a terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
