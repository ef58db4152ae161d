import { UsageError } from '../../errors.ts';
import { isFieldValue } from '../../protocol/http1/tokens.ts';
import { bytesIn, isBytes } from '../../util/bytes.ts';
import { unchecked } from '../../util/option-kinds.ts';
import { type OptionLines, optionTable, resolveOptions } from '../../util/option-table.ts';
import { isBlob } from '../body-bytes.ts';
import { baseName, contentTypeOf, UNKNOWN_TYPE } from '../content-type.ts';
import { FileSource } from '../files/file-source.ts';
import { isSource, SingleUseSource } from '../single-use-source.ts';

type HttpFormBytes = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer | Blob;

/** A file on disk, read while it is sent. */
export interface HttpFormFile {
  readonly path: string;
  /** The name the receiver is told. @default the last part of the path */
  readonly filename?: string | undefined;
  /** @default by the extension of the file name */
  readonly contentType?: string | undefined;
}

/** Contents with a name of their own, or from a source that is read while it is sent. */
export interface HttpFormContent {
  readonly content: HttpFormBytes | AsyncIterable<string | Uint8Array>;
  /** `null` for a field: without a file name, and for a text without a type unless there is one. @default the name of the part, or that of a `File` */
  readonly filename?: string | null | undefined;
  /** @default the type of a `Blob`, else `application/octet-stream` */
  readonly contentType?: string | undefined;
}

/** The contents of one file of a form. */
export type HttpFormValue = HttpFormBytes | HttpFormFile | HttpFormContent;

/** Files of a form: a plain record, pairs, a `Map`, or `FormData`. Names may repeat in pairs. */
export type HttpFormDataParameters =
  | Readonly<Record<string, HttpFormValue>>
  | Iterable<readonly [string, HttpFormValue]>;

/** Head and body of a part; `length` is `undefined` when nobody knows it before the end. */
export interface MultipartPart {
  readonly head: (type: string | undefined) => string;
  readonly contentType: () => string | undefined | Promise<string>;
  readonly content: Buffer | Blob | FileSource | SingleUseSource;
}

/** A part without a file name: a parameter of the form. */
export function fieldPart(name: string, value: string, option: string): MultipartPart {
  const disposition = `Content-Disposition: form-data; name="${escapeName(name, option)}"\r\n\r\n`;
  return { head: () => disposition, contentType: () => undefined, content: Buffer.from(value) };
}

/** A text of a `FormData`, with the line ends that browsers give it (WHATWG HTML 4.10.21.8). */
export function textPart(name: string, value: string, option: string): MultipartPart {
  return fieldPart(name, value.replace(/\r\n|\r|\n/g, '\r\n'), option);
}

/** @throws UsageError (`invalidOption`) for a name or type that could not be sent, and for contents of another kind */
export function filePart(name: string, value: unknown, option: string): MultipartPart {
  const { content, filename, contentType } = describeFile(name, value, option);
  if (filename === null && contentType === undefined) {
    const { content: text } = value as HttpFormContent;
    if (typeof text === 'string') return fieldPart(name, text, option);
  }
  const named = filename === null ? '' : `; filename="${escapeFilename(filename, option)}"`;
  const disposition = `form-data; name="${escapeName(name, option)}"${named}`;
  return {
    head: (type) => `Content-Disposition: ${disposition}\r\nContent-Type: ${type ?? UNKNOWN_TYPE}\r\n\r\n`,
    contentType: () => contentType ?? (content instanceof FileSource ? contentTypeOf(filename ?? '') : UNKNOWN_TYPE),
    content,
  };
}

interface FileDescription {
  readonly content: MultipartPart['content'];
  /** `null` for none. */
  readonly filename: string | null;
  readonly contentType: string | undefined;
}

const namesOfFile: OptionLines<Pick<HttpFormFile, 'filename' | 'contentType'>> = {
  filename: unchecked(),
  contentType: unchecked(),
};
const fileTable = optionTable('a file', { ...namesOfFile, path: unchecked<unknown>() });
const contentTable = optionTable('a file', { ...namesOfFile, content: unchecked<unknown>() });

function describeFile(name: string, value: unknown, option: string): FileDescription {
  if (typeof value !== 'object' || value === null || isContent(value)) return describeContent(name, value, option);
  const kind = `a file in ${option}`;
  if ('path' in value) {
    const { path, ...file } = resolveOptions({ ...fileTable, owner: kind }, value);
    if (typeof path !== 'string' || path === '' || path.includes('\0')) {
      throw new UsageError(option, `the path of ${quote(name)} must be a string that is not empty and holds no NUL`);
    }
    return {
      content: new FileSource(path),
      filename: file.filename ?? baseName(path),
      contentType: checkContentType(file.contentType, name, option),
    };
  }
  const given = resolveOptions({ ...contentTable, owner: kind }, value);
  const described = describeContent(name, given.content, option);
  return {
    content: described.content,
    // Elsewhere null means that nothing is said.
    filename: 'filename' in value && value.filename === null ? null : (given.filename ?? described.filename),
    contentType: checkContentType(given.contentType, name, option) ?? described.contentType,
  };
}

/** Tells whether a file is given by its contents alone, rather than by a description of it. */
export function isContent(value: object): boolean {
  return isBlob(value) || isSource(value) || isBytes(value);
}

function describeContent(name: string, value: unknown, option: string): FileDescription {
  if (typeof value === 'string') return { content: Buffer.from(value), filename: name, contentType: undefined };
  const content = bytesIn(value, option);
  if (content !== undefined) return { content, filename: name, contentType: undefined };
  if (isBlob(value)) {
    const filename = 'name' in value && typeof value.name === 'string' ? value.name : name;
    const type = value.type === '' ? undefined : value.type;
    return { content: value, filename, contentType: checkContentType(type, name, option) };
  }
  if (typeof value === 'object' && value !== null && isSource(value)) {
    return { content: new SingleUseSource(value), filename: name, contentType: undefined };
  }
  throw new UsageError(option, `${quote(name)} must be a string, bytes, a Blob, a stream, { path } or { content }`);
}

function checkContentType(type: unknown, name: string, option: string): string | undefined {
  if (type === undefined) return undefined;
  if (typeof type !== 'string' || type === '' || !isFieldValue(type)) {
    throw new UsageError(option, `the contentType of ${quote(name)} could not be sent`);
  }
  return type;
}

/** As browsers do (WHATWG HTML 4.10.21.8): line breaks of names become CRLF before they are escaped. */
function escapeName(name: string, option: string): string {
  return escapeFilename(name.replace(/\r\n|\r|\n/g, '\r\n'), option);
}

function escapeFilename(name: unknown, option: string): string {
  if (typeof name !== 'string') throw new UsageError(option, `a file name must be a string, not ${typeof name}`);
  if (/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(name)) {
    throw new UsageError(option, `the name ${quote(name)} holds a control character`);
  }
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
