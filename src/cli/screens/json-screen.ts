import type { ConnectEvent, ShownMessage } from '../conversation/events.ts';
import type { Line } from '../conversation/outbox.ts';
import type { Screen } from '../conversation/screen.ts';
import { attemptFields } from '../peers/attempt-text.ts';
import type { Environment } from '../terminal/environment.ts';
import { roundedMs, toJsonLine } from '../terminal/json-text.ts';
import { shownHeaders } from '../terminal/log.ts';
import { reportError, writeLine } from '../terminal/output.ts';
import { frameFields } from './frame-trace.ts';
import { closeInput, inputLines } from './input-lines.ts';
import type { ViewPlan } from './view-plan.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Every event is a JSON object on a line of stdout, for programs. What went wrong is on stderr as well. */
export class JsonScreen implements Screen {
  readonly isInteractive = false;
  readonly lines: AsyncIterable<Line>;
  private readonly environment: Environment;
  private readonly view: ViewPlan;

  constructor(environment: Environment, view: ViewPlan, given: readonly string[]) {
    this.environment = environment;
    this.view = view;
    this.lines = inputLines(environment, given);
  }

  show({ payload, from, event }: ShownMessage, onDrained: () => void): boolean {
    const { stdout } = this.environment;
    const user = from === undefined ? {} : { user: from };
    if (event !== undefined) this.write(event, user);
    else this.write('message', { ...user, ...payloadFields(payload) });
    if (!stdout.writableNeedDrain) return true;
    stdout.once('drain', onDrained);
    return false;
  }

  tell(event: ConnectEvent): void {
    const fields = fieldsOf(event, this.view.isVerbose);
    if (fields !== undefined) this.write(event.type, fields);
    if (event.type === 'problem') reportError(this.environment, event.error);
    if (event.type === 'error' && event.isLast) reportError(this.environment, event.failure);
  }

  close(): void {
    closeInput(this.environment);
  }

  private write(event: string, fields: Fields): void {
    const { stdout } = this.environment;
    writeLine(stdout, toJsonLine({ time: this.environment.now().toISOString(), event, ...fields }));
  }
}

/** In JSON or base64, what is longer could be more than fits into one string. */
const MAX_LENGTH = 64 * 1024 * 1024;

function payloadFields(payload: Line): Fields {
  const binary = typeof payload !== 'string';
  if (payload.length > MAX_LENGTH) return { binary, length: payload.length, isTooLong: true };
  return { binary, data: binary ? payload.toString('base64') : payload };
}

function fieldsOf(event: ConnectEvent, isVerbose: boolean): Fields | undefined {
  switch (event.type) {
    case 'note':
      return { text: event.text };
    case 'listening':
      return { url: event.url };
    case 'open': {
      const { uri, protocol, headers, attempt } = event.openInfo;
      return { uri, protocol, headers: shownHeaders(headers), ...(isVerbose ? attemptFields(attempt) : {}) };
    }
    case 'ping':
      return { data: event.data };
    case 'pong':
      return { data: event.data, roundTripMs: roundedMs(event.roundTripMs) };
    case 'frame':
      return frameFields(event.frame);
    case 'close': {
      const { code, reason, remote } = event.closeInfo;
      return { code, reason, remote, explanation: event.explanation };
    }
    case 'error': {
      const { code, reason, httpStatus, retries, waitTime, phase, attempt } = event.errorInfo;
      const said = isVerbose ? attemptFields(attempt) : {};
      return { code, reason, httpStatus, phase, retries, waitTime, explanation: event.failure.hint, ...said };
    }
    case 'problem':
      return { reason: event.error.message };
    default:
      return event satisfies never;
  }
}
