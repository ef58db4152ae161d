import { UsageError } from '../errors.ts';

/**
 * The bytes of a buffer or a view of one, of any kind and any realm; `undefined` for anything else. Memory is shared
 * with the caller, but for a `SharedArrayBuffer`, which others may change while it is sent.
 *
 * @throws UsageError naming `option` when the memory was transferred to somebody else
 */
export function bytesIn(value: unknown, option: string): Buffer | undefined {
  try {
    if (ArrayBuffer.isView(value)) return bytesOfView(value);
    if (isShared(value)) return Buffer.from(Buffer.from(value));
    return isUnshared(value) ? Buffer.from(value) : undefined;
  } catch (error) {
    throw new UsageError(option, 'is detached: its memory was transferred', { cause: error });
  }
}

function bytesOfView(view: ArrayBufferView): Buffer {
  const { buffer, byteOffset, byteLength } = view;
  const isOrdinary = buffer instanceof ArrayBuffer || !isShared(buffer);
  // A detached view is an empty one; its memory, asked for, says so.
  if (!isOrdinary || byteLength === 0)
    return Buffer.from(Buffer.from(buffer).subarray(byteOffset, byteOffset + byteLength));
  return Buffer.isBuffer(view) ? view : Buffer.from(buffer, byteOffset, byteLength);
}

/** Tells whether {@link bytesIn} finds bytes. */
export function isBytes(value: unknown): value is ArrayBufferView | ArrayBuffer | SharedArrayBuffer {
  return ArrayBuffer.isView(value) || isShared(value) || isUnshared(value);
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
