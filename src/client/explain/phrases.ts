import type { WebSocketErrorInfo } from '../../connection/messages/messages.ts';

/** A text as a sentence: with a capital in front and a stop behind. */
export function sentence(text: string): string {
  return ended(text.slice(0, 1).toUpperCase() + text.slice(1));
}

/** A text with a stop behind it, unless it has one. */
export function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** The part of the reason that says what happened, without the target in front. */
export function causeOf({ reason }: WebSocketErrorInfo): string {
  return reason.replace(/^.*?, error: /s, '').replace(/\.$/, '');
}

/** The URL of the proxy with a space in front, when there was one. */
export function proxyOf({ attempt }: WebSocketErrorInfo): string {
  return attempt?.proxy === undefined ? '' : ` ${attempt.proxy}`;
}
