import { HttpHeaders } from './headers.ts';
import { sliceTrimmed } from './tokens.ts';

/**
 * Where the parts of a checked head lie, as offsets into its text: start of the start line, ends of its first two
 * words, its end; then for each header the offset of its colon and of the CR that ends its line.
 */
export type HeadMarks = readonly number[];

/** Marks that belong to the start line. */
const START_LINE_MARKS = 4;

/** The headers of a head whose bytes the reader has checked and marked; `count` marks are in use. */
export function sliceHeaders(text: string, marks: HeadMarks, count: number): HttpHeaders {
  const headers = new HttpHeaders();
  let lineStart = (marks[START_LINE_MARKS - 1] as number) + 2;
  for (let i = START_LINE_MARKS; i < count; i += 2) {
    const colon = marks[i] as number;
    const lineEnd = marks[i + 1] as number;
    headers.appendParsed(text.slice(lineStart, colon), sliceTrimmed(text, colon + 1, lineEnd));
    lineStart = lineEnd + 2;
  }
  return headers;
}
