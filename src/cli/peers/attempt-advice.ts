import { explain, type WebSocketErrorInfo } from '../../index.ts';

/** The cause of a failed attempt and the remedy, without what its `reason` says: that stands above. */
export function adviceFor(errorInfo: WebSocketErrorInfo): string {
  const { reason } = errorInfo;
  const text = explain(errorInfo).replace(/extraHeaders: \{ (\w+): '([^']*)' \}/, "-H '$1: $2'");
  if (text.toLowerCase().startsWith(reason.toLowerCase())) return text.slice(reason.length).replace(/^[.!?]?\s*/, '');
  const cause = reason.replace(/^.*?, error: /s, '').replace(/\.$/, '');
  return cause === reason ? text : text.replace(`: ${cause}`, '');
}
