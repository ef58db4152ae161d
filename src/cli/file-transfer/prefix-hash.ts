import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

interface Checkpoint {
  readonly offset: number;
  readonly hash: Hash;
}

const CHECKPOINT_BYTES = 8 * 1024 * 1024;
/** More than fit into a window: that is how far a connection that was cut goes back. */
const MAX_CHECKPOINTS = 4;
const READ_BYTES = 1024 * 1024;

/**
 * SHA-256 of the beginning of a file, for any length of it: to go on where a transfer was cut, both sides need it. A
 * few states are kept on the way, so that going back a little does not mean reading everything again.
 */
export class PrefixHash {
  private readonly checkpoints: Checkpoint[] = [];

  /** The state after the first `offset` bytes of the file, to be used and changed. */
  async at(file: FileHandle, offset: number): Promise<Hash> {
    const before = this.checkpoints.findLast((checkpoint) => checkpoint.offset <= offset);
    const hash = before?.hash.copy() ?? createHash('sha256');
    let position = before?.offset ?? 0;
    if (position === offset) return hash;
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, offset - position));
    while (position < offset) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, offset - position), position);
      if (bytesRead === 0) throw new Error('the file has become shorter');
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
    this.keep(offset, hash);
    return hash;
  }

  /** Called as `hash` grows, with where it has arrived. */
  passed(offset: number, hash: Hash): void {
    const last = this.checkpoints.at(-1)?.offset ?? 0;
    if (offset - last >= CHECKPOINT_BYTES) this.keep(offset, hash);
  }

  /** The file is another one beyond `offset` now. */
  forgetBeyond(offset: number): void {
    const kept = this.checkpoints.filter((checkpoint) => checkpoint.offset <= offset);
    this.checkpoints.splice(0, this.checkpoints.length, ...kept);
  }

  private keep(offset: number, hash: Hash): void {
    const { checkpoints } = this;
    const index = checkpoints.findLastIndex((checkpoint) => checkpoint.offset <= offset) + 1;
    checkpoints.splice(index, 0, { offset, hash: hash.copy() });
    if (checkpoints.length > MAX_CHECKPOINTS) checkpoints.shift();
  }
}
