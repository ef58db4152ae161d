import { UsageError } from '../../errors.ts';
import { nodePorts } from '../../platform/node-ports.ts';
import { isBlob, pieceBytes } from '../body-bytes.ts';
import { FileSource } from '../files/file-source.ts';
import { SingleUseSource } from '../single-use-source.ts';
import { type HttpParameters, parameterPairs } from './form.ts';
import { fieldPart, filePart, type HttpFormDataParameters, type MultipartPart, textPart } from './multipart-part.ts';

/** 160 bits: whoever chose the contents cannot have guessed it, so they need not be searched for it. */
const BOUNDARY_RANDOM_BYTES = 20;

/**
 * A form with files as a body, `multipart/form-data` (RFC 7578): the files first, then the parameters, as IXWebSocket
 * sends them. A text in a `FormData` is a field, in its place. Files and streams are read while the body is, one piece at
 * a time.
 */
export class MultipartBody implements AsyncIterable<Buffer> {
  /** For the header, boundary included. */
  readonly contentType: string;
  /** True when it can be read again, for a redirect or another attempt. A stream among the files cannot. */
  readonly isReplayable: boolean;
  private readonly parts: readonly MultipartPart[];
  private readonly boundary: string;

  /** @throws UsageError (`invalidOption`) for names, values and types that could not be sent */
  constructor(parameters: HttpParameters, formData: HttpFormDataParameters, boundary: string = createBoundary()) {
    const isForm = isFormData(formData);
    const files = formDataPairs(formData).map(([name, value]) =>
      isForm && typeof value === 'string' ? textPart(name, value, 'formData') : filePart(name, value, 'formData'),
    );
    const fields = parameterPairs(parameters).map(([name, value]) => fieldPart(name, value, 'parameters'));
    this.parts = [...files, ...fields];
    this.boundary = checkBoundary(boundary);
    this.contentType = `multipart/form-data; boundary=${this.boundary}`;
    this.isReplayable = this.parts.every(({ content }) => !(content instanceof SingleUseSource));
  }

  /** Lets go of streams among the files: nobody will read them any more. */
  release(): void {
    for (const { content } of this.parts) if (content instanceof SingleUseSource) content.end();
  }

  /** The whole body, when all of it is in memory anyway. */
  whole(): Buffer | undefined {
    const pieces: Buffer[] = [];
    for (const part of this.parts) {
      if (!Buffer.isBuffer(part.content)) return undefined;
      const type = part.contentType();
      if (type instanceof Promise) return undefined;
      pieces.push(this.headOf(part, type), part.content, lineEnd);
    }
    return Buffer.concat([...pieces, this.end()]);
  }

  /**
   * The length of the whole, in bytes; `undefined` when a stream is among the files. Sending fails when a file has
   * another length by then.
   *
   * @throws BodyError `fileUnreadable`
   */
  async measure(): Promise<number | undefined> {
    let total = this.end().length;
    for (const part of this.parts) {
      const length = await lengthOf(part.content);
      if (length === undefined) return undefined;
      total += this.headOf(part, await part.contentType()).length + length + lineEnd.length;
    }
    return total;
  }

  /** @throws BodyError `fileUnreadable`, `fileChanged`, or what a stream among the files throws */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    // Heads, line ends and short contents leave together with what comes next.
    let held: Buffer[] = [];
    for (const part of this.parts) {
      held.push(this.headOf(part, await part.contentType()));
      if (Buffer.isBuffer(part.content)) {
        held.push(part.content);
      } else {
        yield Buffer.concat(held);
        held = [];
        yield* readContent(part.content);
      }
      held.push(lineEnd);
      if (byteCount(held) < HELD_BYTES) continue;
      yield Buffer.concat(held);
      held = [];
    }
    yield Buffer.concat([...held, this.end()]);
  }

  private headOf(part: MultipartPart, type: string | undefined): Buffer {
    return Buffer.from(`--${this.boundary}\r\n${part.head(type)}`);
  }

  private end(): Buffer {
    return Buffer.from(`--${this.boundary}--\r\n`);
  }
}

const HELD_BYTES = 64 * 1024;
const lineEnd: Buffer = Buffer.from('\r\n');

function byteCount(buffers: readonly Buffer[]): number {
  return buffers.reduce((total, buffer) => total + buffer.length, 0);
}

function lengthOf(content: MultipartPart['content']): number | undefined | Promise<number> {
  if (Buffer.isBuffer(content)) return content.length;
  if (isBlob(content)) return content.size;
  return content instanceof FileSource ? content.measure() : undefined;
}

async function* readContent(content: Exclude<MultipartPart['content'], Buffer>): AsyncGenerator<Buffer> {
  const chunks: AsyncIterable<unknown> = isBlob(content) ? content.stream() : content;
  for await (const chunk of chunks) yield pieceBytes(chunk);
}

/** Tells whether it is a form as browsers have it, of this realm or of a package. */
export function isFormData(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object FormData]' && Symbol.iterator in (value as object);
}

function formDataPairs(formData: HttpFormDataParameters): [string, unknown][] {
  if (typeof formData !== 'object' || formData === null) {
    throw new UsageError('formData', 'must be an object, pairs or FormData');
  }
  const pairs: Iterable<unknown> = Symbol.iterator in formData ? formData : Object.entries(formData);
  return Array.from(pairs, (pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new UsageError('formData', 'every pair must be [name, value]');
    const [name, value] = pair as unknown[];
    if (typeof name !== 'string') throw new UsageError('formData', `a name must be a string, not ${typeof name}`);
    return [name, value];
  });
}

/** RFC 2046 5.1.1, without the space and what would need quotes in a header. */
function checkBoundary(boundary: string): string {
  if (/^[0-9A-Za-z'+_.-]{1,70}$/.test(boundary)) return boundary;
  throw new UsageError('multipartBoundary', 'must be 1 to 70 letters, digits and characters such as - and _');
}

/** A boundary that nobody can guess. */
export function createBoundary(): string {
  const random = Buffer.alloc(BOUNDARY_RANDOM_BYTES);
  nodePorts.fillRandom(random);
  return `ixwebsocket-${random.toString('hex')}`;
}
