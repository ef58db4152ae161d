import fc from 'fast-check';
import { isFieldValue, isTarget, isToken } from '../../../src/protocol/http1/tokens.ts';

const latin1 = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
const textOf = (chars: string[], minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...chars), minLength, maxLength });

/** Any token. */
export const token: fc.Arbitrary<string> = fc.oneof(
  textOf(latin1.filter(isToken), 1, 12),
  fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty'),
);

export const methodName: fc.Arbitrary<string> = token.filter((name) => name !== 'CONNECT');

/** A header name that says nothing about the message itself. */
export const fieldName: fc.Arbitrary<string> = token.filter((name) => name.toLowerCase() !== 'host');

/** Any header value. */
export const fieldValue: fc.Arbitrary<string> = textOf(latin1.filter(isFieldValue), 0, 30);

/** A target in origin-form. */
export const targetPath: fc.Arbitrary<string> = textOf(latin1.filter(isTarget), 0, 30).map((text) => `/${text}`);

const heads = [
  'GET /a?b HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\r\n',
  '\r\nPOST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello',
  'CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX:\r\n\r\n\x81\x00',
  'HTTP/1.0 200\r\n\r\n',
];
const pieces = ['\r', '\n', '\r\n', ' ', '\t', ':', '\0', ',', '/', 'HTTP/1.1'];

interface Edit {
  at: number;
  kind: 'replace' | 'insert' | 'delete';
  piece: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(70),
  kind: fc.constantFrom('replace', 'insert', 'delete'),
  piece: fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...latin1)),
});

function applyEdit(text: string, { at, kind, piece }: Edit): string {
  return text.slice(0, at) + (kind === 'delete' ? '' : piece) + text.slice(kind === 'insert' ? at : at + 1);
}

/** Bytes that are nearly a request or response: valid heads with a few octets replaced, removed or inserted. */
export const nearlyHead: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...heads), fc.array(edit, { maxLength: 4 }))
  .map(([text, edits]) => edits.reduce(applyEdit, text));
