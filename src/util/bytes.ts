import { UsageError } from '../errors.ts';

/**
 * The bytes of a buffer or a view of one, of any kind and any realm; `undefined` for anything else. Memory is shared
 * with the caller, but for a `SharedArrayBuffer`, which others may change while it is sent.
 *
 * @throws UsageError naming `option` when the memory was transferred to somebody else
 */
export function bytesIn(value: unknown, option: string): Buffer | undefined {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    const isOrdinary = buffer instanceof ArrayBuffer || !isShared(buffer);
    if (isOrdinary && byteLength > 0) {
      return Buffer.isBuffer(value) ? value : Buffer.from(buffer, byteOffset, byteLength);
    }
    return Buffer.from(share(buffer, option).subarray(byteOffset, byteOffset + byteLength));
  }
  if (isShared(value)) return Buffer.from(share(value, option));
  return isUnshared(value) ? share(value, option) : undefined;
}

/** True where {@link bytesIn} would find bytes. */
export function isBytes(value: unknown): value is ArrayBufferView | ArrayBuffer | SharedArrayBuffer {
  return ArrayBuffer.isView(value) || isShared(value) || isUnshared(value);
}

function share(buffer: ArrayBufferLike, option: string): Buffer {
  try {
    return Buffer.from(buffer as ArrayBuffer);
  } catch (error) {
    throw new UsageError(option, 'is detached: its memory was transferred', { cause: error });
  }
}

function isShared(value: unknown): value is SharedArrayBuffer {
  return isOf(SharedArrayBuffer.prototype, value);
}

function isUnshared(value: unknown): value is ArrayBuffer {
  return isOf(ArrayBuffer.prototype, value);
}

/** `instanceof` knows the constructors of one realm only; this getter knows the objects of all, and throws for others. */
function isOf(prototype: object, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    Reflect.get(prototype, 'byteLength', value);
    return true;
  } catch {
    return false;
  }
}
