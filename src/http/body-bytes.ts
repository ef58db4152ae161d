import { isFieldValue } from '../protocol/http1/tokens.ts';
import { bytesIn } from '../util/bytes.ts';
import { BodyError } from './body-error.ts';

/**
 * The bytes of one piece of a streamed body.
 *
 * @throws BodyError (`notBytes`) for anything but text and bytes
 */
export function pieceBytes(piece: unknown): Buffer {
  const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : bytesIn(piece, 'body');
  if (bytes !== undefined) return bytes;
  throw new BodyError('notBytes', `the body gave something that is neither text nor bytes: ${typeof piece}`);
}

/** Tells whether it is a `Blob` or `File`, of this realm or of a package. */
export function isBlob(value: unknown): value is Blob {
  if (value instanceof Blob) return true;
  if (typeof value !== 'object' || value === null || !('stream' in value) || !('size' in value)) return false;
  return typeof value.stream === 'function' && typeof value.size === 'number' && 'type' in value;
}

/** The type of a `Blob`, unless it has none, or, being of a package, one that could not be sent. */
export function blobType({ type }: Blob): string | undefined {
  return typeof type === 'string' && type !== '' && isFieldValue(type) ? type : undefined;
}
