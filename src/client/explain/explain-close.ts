import type { WebSocketCloseInfo } from '../../connection/messages/messages.ts';
import { CloseReason } from '../../protocol/websocket/closing/close-codes.ts';
import { excerpt } from '../../util/excerpt.ts';
import { ended } from './phrases.ts';

/**
 * Explains a close code (RFC 6455 section 7.4.1, and the registry of IANA), with what to do about it. It holds on either
 * side of a connection.
 */
export function explainClose(closeInfo: WebSocketCloseInfo): string {
  const { code, reason, remote } = closeInfo;
  if (closeInfo.layer === 'transport') return explainBreak(closeInfo);
  const who = remote ? 'The other side' : 'This side';
  return `${meaningOf(code, who, remote)}${quote(reason, remote)}${knownOf(closeInfo)}`;
}

/** Characters of a reason that are quoted; a close frame has room for 123 bytes. */
const LONGEST_REASON = 200;

/** Reasons that stand where there is none. */
const SILENT_REASONS: ReadonlySet<string> = new Set([CloseReason.Normal, CloseReason.NoStatus]);

function quote(reason: string, remote: boolean): string {
  if (reason === '' || SILENT_REASONS.has(reason)) return '';
  return ` ${remote ? 'It said' : 'The reason'}: ${ended(excerpt(reason, LONGEST_REASON))}`;
}

/** Programs that are known to close so without anything being wrong, by the reason. */
function knownOf({ code, reason, remote }: WebSocketCloseInfo): string {
  if (code !== 1002) return '';
  if (remote) {
    return ' Some libraries also answer a close code with 1002 that they do not know, such as 1012: send 1001 to those.';
  }
  if (reason === 'Client frame is not masked') {
    return ' Caddy 2.6 closes so when it stops: with a frame of its own that is not masked.';
  }
  return reason.startsWith('Pong control frame')
    ? ' QEMU puts what follows a ping into its pong: send nothing right behind one.'
    : '';
}

const DELIVERY = 'It is not known whether it got everything that was sent.';

/** An end without a close frame that counts. */
function explainBreak({ reason, remote, cause }: WebSocketCloseInfo): string {
  const said = cause === undefined ? '' : ` The system said: ${ended(excerpt(cause.message, LONGEST_REASON))}`;
  switch (reason) {
    case CloseReason.Terminated:
      return 'This program ended the connection at once, by terminate(), and without a closing handshake. What had not left was dropped; close() lets it leave.';
    case CloseReason.SendTimeout:
      return 'This side gave the connection up: nothing of what it had sent left for as long as sendTimeoutSecs allows, so the other side does not read, or is gone.';
    case CloseReason.CloseTimeout:
      return `This side closed, and the other side neither answered nor ended the connection within closeTimeoutSecs. It may be busy, gone, or one of the programs that ignore a close frame. ${DELIVERY}`;
    case CloseReason.Unanswered:
      return `This side closed, and the other side ended the connection without the close frame that should have been the answer. Some libraries always do that, and most likely nothing is wrong. ${DELIVERY}`;
    case CloseReason.Reset:
      return `This side closed, and the connection broke before the other side had answered. ${DELIVERY}${said}`;
    default:
      break;
  }
  if (reason.endsWith(', before an answer to the close frame')) {
    return `This side closed, and the other side broke the protocol in place of an answer.${quote(reason, false)} ${DELIVERY}`;
  }
  if (!remote) {
    return `This side ended the connection without a closing handshake: by terminate(), or because the other side did not answer a close frame in time.${said}`;
  }
  return `The connection broke without a closing handshake. The network, a proxy with a time limit for idle connections, or a crash of the other side is the cause; pings at an interval keep idle connections open.${said}`;
}

function meaningOf(code: number, who: string, remote: boolean): string {
  const sender = remote ? 'this program' : 'the other side';
  switch (code) {
    case 1000:
      return `${who} closed the connection in order. Nothing is wrong.`;
    case 1001:
      return `${who} is going away, as in a restart or when a page is left. Connecting again later should work.`;
    case 1002:
      return `${who} found a violation of the WebSocket protocol. One of the two has a bug, or something in between changes what is sent.`;
    case 1003:
      return `${who} does not take this kind of data, such as binary where it wants text, or messages in fragments. Check what ${sender} sends.`;
    case 1005:
      return `${who} closed the connection without giving a code. That is allowed, and most likely nothing is wrong.`;
    case 1007:
      return `${who} got data that it could not decode: text that is not UTF-8, or compression gone wrong. Check what ${sender} sends; binary data must not be sent as text.`;
    case 1008:
      return `${who} closed for a rule of its own, such as missing permission or too many messages. The reason, if there is one, says more.`;
    case 1009:
      return `${who} got a message that is larger than it accepts. Send smaller messages, or raise the limit there: maxMessageSize here.`;
    case 1010:
      return `${who} needs an extension that was not agreed on. Compare the extensions that both sides offer.`;
    case 1011:
      return `${who} met an error that it did not expect. Its log has the cause; when the reason is about a ping, it had got no answer to one.`;
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
