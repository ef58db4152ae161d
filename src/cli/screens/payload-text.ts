import type { ShownMessage } from '../conversation/events.ts';
import type { Palette } from '../terminal/colours.ts';
import { hexDump } from '../terminal/hex-dump.ts';
import { arrangeJson } from '../terminal/json-text.ts';
import { printable, printableLines } from '../terminal/output.ts';
import type { ViewPlan } from './view-plan.ts';

/** Of binary messages on a terminal, unless the whole was asked for. */
const DUMPED_BYTES = 256;
/** Of a text on a terminal: nobody reads more, and escaped it could be longer than a string can be. */
const SHOWN_CHARACTERS = 1024 * 1024;
const SHORT_LENGTH = 64 * 1024;
/** Turned into text at a time; a multiple of 3, so that base64 comes out as of the whole. */
const PIECE_BYTES = 3 * 256 * 1024;

/** A message as lines for a terminal, which it cannot drive unless that was asked for. */
export function describeMessage(message: ShownMessage, view: ViewPlan, palette: Palette): string {
  const { payload, from, event } = message;
  const name = from === undefined ? undefined : printable(from);
  if (event !== undefined) return palette.dim(`* ${name ?? ''} ${event === 'join' ? 'joined' : 'left'}`);
  const mark = palette.from(name === undefined ? '<' : `${name} >`);
  if (typeof payload === 'string') {
    const left = payload.length - SHOWN_CHARACTERS;
    const shown = left > 0 ? payload.slice(0, SHOWN_CHARACTERS) : payload;
    const rest = left > 0 ? palette.dim(`\n… and ${left} more characters`) : '';
    if (view.isRaw) return `${mark} ${shown}${rest}`;
    const text = arrangeJson(shown, palette) ?? printableLines(shown);
    // Further lines are indented, so that none of them looks like a message of its own.
    return `${mark} ${text.replaceAll('\n', '\n  ')}${rest}`;
  }
  switch (view.binaryOutput) {
    case 'base64':
      return `${mark} ${shownPart(payload).toString('base64')}${payload.length > SHOWN_CHARACTERS ? '…' : ''}`;
    case 'raw':
      return shownPart(payload).toString('utf8');
    default: {
      const dump = hexDump(payload, view.binaryOutput === 'hex' ? SHOWN_CHARACTERS : DUMPED_BYTES);
      return `${mark} ${payload.length} bytes${dump === '' ? '' : `\n${palette.dim(dump)}`}`;
    }
  }
}

function shownPart(payload: Buffer): Buffer {
  return payload.subarray(0, SHOWN_CHARACTERS);
}

/**
 * A message for the next program in a pipe, in pieces: text is left as it is, and a line end follows unless bytes are
 * wanted. What others say in a chat is one line, whatever is in it.
 */
export function* pipedMessage(message: ShownMessage, view: ViewPlan, time: string): Generator<string | Buffer> {
  const { payload, from, event } = message;
  if (event !== undefined) return;
  if (view.binaryOutput === 'raw' && typeof payload !== 'string') {
    yield payload;
    return;
  }
  const prefix = from === undefined ? time : `${time}${printable(from)} > `;
  if (typeof payload === 'string' && payload.length <= SHORT_LENGTH) {
    // One write rather than three, for streams of short messages.
    yield `${prefix}${from === undefined ? payload : printable(payload)}\n`;
    return;
  }
  if (prefix !== '') yield prefix;
  if (typeof payload !== 'string') yield* encoded(payload, view.binaryOutput);
  else if (from === undefined) yield payload;
  else yield* printablePieces(payload);
  yield '\n';
}

function* encoded(payload: Buffer, form: ViewPlan['binaryOutput']): Generator<string | Buffer> {
  if (form === undefined || form === 'raw') {
    yield payload;
    return;
  }
  for (let start = 0; start < payload.length; start += PIECE_BYTES) {
    yield payload.toString(form, start, Math.min(payload.length, start + PIECE_BYTES));
  }
}

function* printablePieces(text: string): Generator<string> {
  for (let start = 0; start < text.length; start += SHOWN_CHARACTERS) {
    yield printable(text.slice(start, start + SHOWN_CHARACTERS));
  }
}
