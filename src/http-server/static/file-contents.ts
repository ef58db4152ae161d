import { closeFile, readFileAt } from '../../http/files/file-io.ts';
import { fileChanged, readRange } from '../../http/files/file-source.ts';
import { lendsBuffers } from '../../http/files/read-buffers.ts';
import { nodePorts } from '../../platform/node-ports.ts';
import { type ByteRange, formatContentRange } from './byte-ranges.ts';
import type { CachedFile, StaticCache } from './file-cache.ts';
import type { OpenedFile, StaticRoot } from './static-root.ts';

/** The body of an answer, in order: pieces of a file, and the text between them. */
export interface StaticContents {
  readonly pieces: readonly (Buffer | ByteRange)[];
  readonly length: number;
}

/** Up to this much is read at once, while the file is open anyway, and leaves together with the head. */
const MAX_WHOLE_BYTES = 64 * 1024;

export function contentsOf(ranges: readonly ByteRange[]): StaticContents {
  return { pieces: ranges, length: ranges.reduce((total, { start, end }) => total + end - start, 0) };
}

/** Several ranges as one body, `multipart/byteranges` (RFC 9110 14.6). */
export function multipartContents(
  ranges: readonly ByteRange[],
  size: number,
  contentType: string,
): { readonly contents: StaticContents; readonly contentType: string } {
  const random = Buffer.alloc(16);
  nodePorts.fillRandom(random);
  const boundary = random.toString('hex');
  const pieces: (Buffer | ByteRange)[] = [];
  let length = 0;
  const addText = (text: string): void => {
    const bytes = Buffer.from(text, 'latin1');
    pieces.push(bytes);
    length += bytes.length;
  };
  let lineEnd = '';
  for (const range of ranges) {
    const contentRange = formatContentRange(range, size);
    addText(`${lineEnd}--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Range: ${contentRange}\r\n\r\n`);
    pieces.push(range);
    length += range.end - range.start;
    lineEnd = '\r\n';
  }
  addText(`\r\n--${boundary}--\r\n`);
  return { contents: { pieces, length }, contentType: `multipart/byteranges; boundary=${boundary}` };
}

/**
 * The contents as a body: read at once when they are short; else a body that opens the file again when it is sent, so
 * that a response which is never sent holds nothing open. A short file that is read as a whole is held for the next.
 *
 * @throws BodyError `fileChanged` when the file is shorter by now
 */
export async function readContents(
  contents: StaticContents,
  file: OpenedFile | CachedFile,
  segments: readonly string[],
  { root, cache }: StaticSource,
): Promise<Buffer | AsyncIterable<Buffer>> {
  if (file.kind === 'cached') return cutContents(contents, file.bytes);
  if (contents.length > MAX_WHOLE_BYTES) return new StaticBody(contents, file, root, segments);
  const buffer = Buffer.allocUnsafeSlow(contents.length);
  let at = 0;
  for (const piece of contents.pieces) {
    if (Buffer.isBuffer(piece)) {
      at += piece.copy(buffer, at);
      continue;
    }
    let position = piece.start;
    while (position < piece.end) {
      const bytesRead = await readFileAt(file.fd, buffer.subarray(at), piece.end - position, position);
      if (bytesRead === 0) throw fileChanged(segments.join('/'));
      position += bytesRead;
      at += bytesRead;
    }
  }
  if (isWhole(contents, file.stats.size)) cache.keep(root.pathOf(segments), file.stats, buffer, Date.now());
  return buffer;
}

/** The files below a root, opened, and the short ones held. */
export interface StaticSource {
  readonly root: StaticRoot;
  readonly cache: StaticCache;
}

function isWhole({ pieces }: StaticContents, size: number): boolean {
  const [piece] = pieces;
  return pieces.length === 1 && piece !== undefined && 'start' in piece && piece.start === 0 && piece.end === size;
}

function cutContents(contents: StaticContents, bytes: Buffer): Buffer {
  if (isWhole(contents, bytes.length)) return bytes;
  return Buffer.concat(
    contents.pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : bytes.subarray(piece.start, piece.end))),
  );
}

class StaticBody implements AsyncIterable<Buffer> {
  /** Set by who gives the pieces back. */
  [lendsBuffers] = false;
  private readonly contents: StaticContents;
  private readonly file: OpenedFile;
  private readonly root: StaticRoot;
  private readonly segments: readonly string[];

  constructor(contents: StaticContents, file: OpenedFile, root: StaticRoot, segments: readonly string[]) {
    this.contents = contents;
    this.file = file;
    this.root = root;
    this.segments = segments;
  }

  /** @throws BodyError `fileChanged`, `fileUnreadable` */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    const name = this.segments.join('/');
    const opened = await this.root.open(this.segments);
    if (opened.kind === 'none') throw fileChanged(name);
    try {
      // It may have grown: what was announced is still there. Another file of that name is another matter.
      if (opened.kind !== 'file' || !isSameFile(opened, this.file)) throw fileChanged(name);
      for (const piece of this.contents.pieces) {
        if (Buffer.isBuffer(piece)) yield piece;
        else yield* readRange(opened.fd, piece.start, piece.end, name, this[lendsBuffers]);
      }
    } finally {
      if (opened.fd !== undefined) await closeFile(opened.fd);
    }
  }
}

function isSameFile({ stats: a }: OpenedFile, { stats: b }: OpenedFile): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size >= b.size;
}
