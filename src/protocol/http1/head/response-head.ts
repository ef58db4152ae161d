import type { HttpHeaders } from '../headers.ts';
import { type HeadMarks, hidesFraming, sliceHeaders } from './field-section.ts';
import { type HeadFailure, headFailure } from './head-failure.ts';

/** The first part of an HTTP/1.x response (RFC 9112 4). */
export interface ResponseHead {
  /** The version spoken with this peer: a minor version above 1 counts as 1.1 (RFC 9110 2.5). */
  readonly version: '1.1' | '1.0';
  /** 100 to 999. RFC 9110 15 defines none above 599, and wants those taken for 5xx. */
  readonly status: number;
  /** The reason phrase as sent, possibly empty. */
  readonly statusText: string;
  readonly headers: HttpHeaders;
}

/** The response in a head whose bytes the reader has checked and marked, or what is still wrong with it. */
export function sliceResponseHead(text: string, marks: HeadMarks, count: number): ResponseHead | HeadFailure {
  if (hidesFraming(text, marks, count)) return headFailure('hiddenFraming');
  const versionEnd = marks[1] as number;
  const statusEnd = marks[2] as number;
  return {
    version: text.charCodeAt(versionEnd - 1) === 0x30 ? '1.0' : '1.1',
    status: Number(text.slice(versionEnd + 1, statusEnd)),
    // The space after the status is missing in what some servers send; then the line ends there.
    statusText: text.slice(statusEnd + 1, marks[3]),
    headers: sliceHeaders(text, marks, count),
  };
}

/** Tells whether another response follows this one (RFC 9110 15.2); none that we read as HTTP follows 101. */
export function isInterim({ status }: ResponseHead): boolean {
  return status < 200 && status !== 101;
}

/** The status line of `head`, for messages. */
export function formatStatusLine(head: ResponseHead): string {
  return `HTTP/${head.version} ${head.status} ${head.statusText}`.trimEnd();
}

/**
 * Version and status of a status line such as `HTTP/1.1 200 OK`; the status is -1 when it has none. A helper of
 * IXWebSocket's, for looking at a line that was kept as text; the head reader does not use it.
 */
export function parseStatusLine(line: string): { version: string; status: number } {
  const space = line.indexOf(' ');
  if (space < 0) return { version: line, status: -1 };
  const digits = line.slice(space + 1, space + 4);
  const isStatus = /^[1-9][0-9][0-9]$/.test(digits) && (line.length === space + 4 || line[space + 4] === ' ');
  return { version: line.slice(0, space), status: isStatus ? Number(digits) : -1 };
}
