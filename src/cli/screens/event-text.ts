import type { ConnectEvent } from '../conversation/events.ts';
import { describeAttempt, indented } from '../peers/attempt-text.ts';
import type { Repeats } from '../peers/repeats.ts';
import { describeHeaders } from '../terminal/log.ts';
import { cutToWidth, printable } from '../terminal/output.ts';
import { describeFrame } from './frame-trace.ts';
import type { ViewPlan } from './view-plan.ts';

/** An event in lines for people, ready for a terminal; none when it is nothing to bother them with. */
export function describeEvent(event: ConnectEvent, view: ViewPlan): readonly string[] {
  return linesOf(event, view).map(printable);
}

/** The number of times that a connection was made, or has ended like this, by attempts in a row; 1 for everything else. */
export function countOf(event: ConnectEvent, repeats: Repeats, { isVerbose }: ViewPlan): number {
  if (isVerbose) return 1;
  if (event.type === 'open') return event.isServer ? 1 : repeats.opened();
  if (event.type === 'close') return repeats.ended(`${event.closeInfo.code} ${event.closeInfo.reason}`);
  return event.type === 'error' && !event.isLast ? repeats.ended(event.failure.message) : 1;
}

/** One line in place of those of an event that has happened `count` times in a row of attempts, which is never cut off. */
export function describeRepeat(event: ConnectEvent, view: ViewPlan, count: number, columns: number): string {
  const next = event.type === 'error' && !event.isLast ? `; next in ${event.errorInfo.waitTime} ms` : '';
  const [line = ''] = linesOf(event, { ...view, isVerbose: false });
  const times = ` (${count} times${next})`;
  return cutToWidth(printable(line), columns - times.length) + times;
}

function linesOf(event: ConnectEvent, { isVerbose, label }: ViewPlan): readonly string[] {
  switch (event.type) {
    case 'note':
      return event.text.split('\n');
    case 'listening':
      return [`Listening on ${event.url}`];
    case 'open':
      return describeOpen(event, isVerbose, label);
    case 'ping':
      return isVerbose ? [`Received ping ${event.data}`] : [];
    case 'pong':
      return isVerbose || event.isAskedFor ? [`Received pong ${event.data}${describeTime(event.roundTripMs)}`] : [];
    case 'frame':
      return [describeFrame(event.frame)];
    case 'close': {
      const { code, reason } = event.closeInfo;
      const line = `${label}: connection closed: code ${code} reason ${reason}`;
      return event.explanation === undefined ? [line] : [line, `    ${event.explanation}`];
    }
    case 'error':
      return [
        ...(isVerbose && event.errorInfo.attempt !== undefined ? describeAttempt(event.errorInfo.attempt) : []),
        `ws: ${event.failure.what}: ${event.failure.message}`,
        ...hintOf(event),
      ];
    case 'problem':
      return [
        `ws: ${event.error.what}: ${event.error.message}`,
        ...(event.error.hint === undefined ? [] : [`    ${event.error.hint}`]),
      ];
    default:
      return event satisfies never;
  }
}

function describeOpen(
  { openInfo, isServer }: ConnectEvent & { type: 'open' },
  isVerbose: boolean,
  label: string,
): readonly string[] {
  const { uri, headers, protocol, attempt } = openInfo;
  const lines = [`${label}: connected`];
  if (isVerbose && isServer) lines.push('Request:', `  GET ${uri} HTTP/1.1`, ...indented(describeHeaders(headers)));
  if (isVerbose && attempt !== undefined) lines.push(...describeAttempt(attempt));
  if (protocol !== '') lines.push(`Subprotocol: ${protocol}`);
  return lines;
}

function hintOf({ errorInfo, failure, isLast }: ConnectEvent & { type: 'error' }): readonly string[] {
  const hint = failure.hint === undefined ? [] : [`    ${failure.hint}`];
  if (isLast) return hint;
  const next = `    Attempt ${errorInfo.retries}; next in ${errorInfo.waitTime} ms.`;
  // Once is enough for somebody who watches.
  return errorInfo.retries === 1 ? [...hint, next] : [next];
}

export function describeTime(ms: number | undefined): string {
  return ms === undefined ? '' : ` (${ms.toFixed(ms < 10 ? 2 : 1)} ms)`;
}
