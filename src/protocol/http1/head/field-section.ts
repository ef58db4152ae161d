import { HttpHeaders } from '../headers.ts';
import { equalsAt } from '../tokens.ts';

/**
 * The places of the parts of a checked head, as offsets into its text: start of the start line, ends of its first two
 * words, its end; then for each header the offset of its colon and of the CR that ends its line.
 */
export type HeadMarks = readonly number[];

/** Marks that belong to the start line. */
const START_LINE_MARKS = 4;
const CRLF_LENGTH = 2;
const HTAB = 0x09;
const SP = 0x20;

/** The headers of a head whose bytes the reader has checked and marked; `count` marks are in use. */
export function sliceHeaders(text: string, marks: HeadMarks, count: number): HttpHeaders {
  return HttpHeaders.parsed(text, marks.slice(START_LINE_MARKS, count), firstLine(marks));
}

/** The fields of a trailer section, in which no start line stands before them. */
export function sliceTrailers(text: string, marks: HeadMarks, count: number): HttpHeaders {
  return HttpHeaders.parsed(text, marks.slice(0, count), 0);
}

/**
 * Tells whether a tab stands around the value of Content-Length or Transfer-Encoding. It is white space like any other
 * (RFC 9110 5.6.3), but there are programs that take it for a part of the value and so do not see the field. Nobody
 * sends it by accident.
 */
export function hidesFraming(text: string, marks: HeadMarks, count: number): boolean {
  let start = firstLine(marks);
  for (let i = START_LINE_MARKS; i < count; i += 2) {
    const colon = marks[i] as number;
    const end = marks[i + 1] as number;
    if (isFramingName(text, start, colon - start) && isPaddedByTab(text, colon + 1, end)) return true;
    start = end + CRLF_LENGTH;
  }
  return false;
}

function firstLine(marks: HeadMarks): number {
  return (marks[START_LINE_MARKS - 1] as number) + CRLF_LENGTH;
}

function isFramingName(text: string, start: number, length: number): boolean {
  if (length === 'Content-Length'.length) return equalsAt(text, start, 'Content-Length');
  return length === 'Transfer-Encoding'.length && equalsAt(text, start, 'Transfer-Encoding');
}

function isPaddedByTab(text: string, start: number, end: number): boolean {
  let from = start;
  let to = end;
  while (from < to && text.charCodeAt(from) === SP) from++;
  while (to > from && text.charCodeAt(to - 1) === SP) to--;
  return text.charCodeAt(from) === HTAB || text.charCodeAt(to - 1) === HTAB;
}
