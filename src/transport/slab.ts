/** Bytes of a {@link Slab}. */
export const SLAB_BYTES: number = 64 * 1024;
/** The longest frame that goes through a slab; longer ones are handed to the transport as they are. */
export const MAX_FRAME_BYTES: number = 16 * 1024;

/** A writer that gathers its output in a {@link Slab}. */
export interface SlabOwner {
  /** Writes what it has gathered. */
  flush(): void;
}

/**
 * Memory in which output gathers before it is written, one piece for all connections. It belongs to one of them at a
 * time: `owner` has the bytes from `base` to `position`, and whoever takes the slab makes the owner flush first, so
 * that a callback of one connection may send on another.
 *
 * After a write that the system took at once, the same range is used again. Otherwise `position` moves past it, and
 * the memory is given up only when it is full: the socket still refers to what it has not sent.
 *
 * The fields are public, and writers change them: each message passes here several times, and pays for every call.
 */
export class Slab {
  bytes: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Beginning of what the owner has not written. */
  base = 0;
  /** End of it, and place of what comes next. */
  position = 0;
  owner: SlabOwner | undefined;

  /** Makes `writer` the owner, behind what the one before had gathered. */
  giveTo(writer: SlabOwner): void {
    this.owner?.flush();
    this.owner = writer;
  }

  /** Puts `source` behind what has gathered; the owner knows that there is room. */
  append(source: Buffer): void {
    this.position += source.copy(this.bytes, this.position);
  }

  /** Begins with fresh memory; the old one lives as long as a socket refers to it. */
  renew(): void {
    this.bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.base = 0;
    this.position = 0;
  }

  /** The gathered bytes, which count as written from here on; a copy, which pins no slab, unless `isShared`. */
  take(isShared: boolean): Buffer {
    const { bytes, base, position } = this;
    this.base = position;
    if (isShared) return bytes.subarray(base, position);
    const copy = Buffer.allocUnsafeSlow(position - base);
    bytes.copy(copy, 0, base, position);
    return copy;
  }

  /** Forgets what has gathered. */
  discard(): void {
    this.position = this.base;
  }
}
