import { type Violation, Violations } from '../closing/violations.ts';
import { type IsUtf8, validateUtf8 } from '../text/utf8.ts';
import { applyMask } from './masking.ts';
import { Opcode } from './opcodes.ts';

/** Memory that unfinished messages of many connections may hold together (`maxUnfinishedBytes`). */
export interface MemoryBudget {
  /** Takes `bytes` from the budget; false, and nothing taken, when that much is not left. */
  take(bytes: number): boolean;
  /** Gives `bytes` back. */
  release(bytes: number): void;
  /** True when so much is taken that nothing should be taken on a mere claim. */
  readonly isTight: boolean;
}

/**
 * A declared length is a claim, not data: at most this much is allocated before payload arrived, and four times what
 * arrived after that. Fresh memory is the greatest cost of a large message, so copying it to a larger buffer later
 * is to be the exception; but when memory is tight, a claim gets little.
 */
const FIRST_CAPACITY_BYTES = 1024 * 1024;
const TIGHT_CAPACITY_BYTES = 16 * 1024;
const SMALL_CAPACITY_BYTES = 1024;
const MAX_SPARE_BYTES = 2 * 1024 * 1024;

/**
 * Text and compressed messages leave their buffer behind when they are decoded; the last one is kept for the next, on
 * any connection, which saves the page faults of a fresh one. Nobody outside ever sees it.
 */
let spare: Buffer | undefined;

/**
 * The system's allocator (glibc's) returns freed memory to the system beyond twice the largest block it has seen freed,
 * and every large message would pay for fresh pages again: 740 µs for an echo of 1 MB, against 300. One block of 16 MiB
 * that is given up untouched, and so takes address space only, makes it keep up to 32 MiB.
 */
const KEPT_BLOCK_BYTES = 16 * 1024 * 1024;
const LARGE_BYTES = 128 * 1024;
let isAllocatorPrimed = false;

function primeAllocator(): void {
  isAllocatorPrimed = true;
  Buffer.allocUnsafeSlow(KEPT_BLOCK_BYTES);
}

/** A much larger buffer would be charged to the budget of a small message, and pinned by it. */
function isFit(buffer: Buffer | undefined, capacity: number): boolean {
  return buffer !== undefined && buffer.length >= capacity && buffer.length <= capacity * 4;
}

/**
 * Collects the payload of a message that does not lie in one piece in one read: each byte is unmasked where it
 * arrived, copied once, and validated at once if it is text. However many fragments there are, they end up in one
 * buffer, so that their number costs time but no memory.
 */
export class MessageAssembler {
  /** `Opcode.Text` or `Opcode.Binary` of the message's first frame; 0 while there is no message. */
  opcode = 0;
  isCompressed = false;
  fragmentCount = 0;
  /** Bytes on the wire so far, frame headers included. */
  wireSize = 0;
  /** Payload bytes so far. */
  length = 0;
  /** The OR of all bytes so far: without bit `0x80` the payload is ASCII. */
  seen = 0;
  buffer: Buffer | undefined;
  private validated = 0;
  private readonly isUtf8: IsUtf8;
  private readonly budget: MemoryBudget | undefined;

  constructor(isUtf8: IsUtf8, budget: MemoryBudget | undefined) {
    this.isUtf8 = isUtf8;
    this.budget = budget;
  }

  /** Begins a message. */
  begin(opcode: number, isCompressed: boolean): void {
    this.opcode = opcode;
    this.isCompressed = isCompressed;
    this.fragmentCount = 0;
    this.wireSize = 0;
    this.length = 0;
    this.seen = 0;
    this.validated = 0;
  }

  /** Makes room for the payload of a frame; `isWhole` when nothing but this frame belongs to the message. */
  expect(payloadBytes: number, isWhole: boolean): Violation | undefined {
    const needed = this.length + payloadBytes;
    if (this.capacity >= needed) return undefined;
    const onTrust = this.budget?.isTight === true ? TIGHT_CAPACITY_BYTES : FIRST_CAPACITY_BYTES;
    const claimed = Math.min(needed, Math.max(onTrust, this.length * 4));
    return this.grow(isWhole ? claimed : Math.max(claimed, this.length * 2, SMALL_CAPACITY_BYTES));
  }

  /** Takes `start` to `end` of a read, unmasking it in place. `frameBytesLeft` counts them and what follows. */
  append(bytes: Buffer, start: number, end: number, mask: number, frameBytesLeft: number): Violation | undefined {
    const count = end - start;
    if (this.length + count > this.capacity) {
      const wanted = Math.min(this.length + frameBytesLeft, Math.max(this.length + count, this.capacity * 4));
      const violation = this.grow(wanted);
      if (violation !== undefined) return violation;
    }
    const { buffer } = this;
    if (buffer === undefined) return undefined;
    this.seen |= applyMask(bytes, start, end, mask);
    bytes.copy(buffer, this.length, start, end);
    this.length += count;
    return this.opcode === Opcode.Text && !this.isCompressed ? this.validateText(buffer) : undefined;
  }

  /** Tells whether the text so far ends with a whole character. */
  get isTextComplete(): boolean {
    return this.validated === this.length;
  }

  /** The message as bytes that belong to the receiver from now on. */
  takeBytes(): Buffer {
    const { buffer, length } = this;
    if (buffer === undefined || length === 0) return Buffer.alloc(0);
    if (buffer.length - length <= buffer.length >> 3) {
      this.release();
      return buffer.length === length ? buffer : buffer.subarray(0, length);
    }
    const exact = Buffer.allocUnsafeSlow(length);
    buffer.copy(exact, 0, 0, length);
    return exact;
  }

  /** The message is over: gives its memory back. */
  end(): void {
    const { buffer } = this;
    this.opcode = 0;
    if (buffer === undefined) return;
    this.release();
    if (buffer.length <= MAX_SPARE_BYTES && buffer.length > (spare?.length ?? 0)) spare = buffer;
  }

  private get capacity(): number {
    return this.buffer === undefined ? 0 : this.buffer.length;
  }

  private validateText(buffer: Buffer): Violation | undefined {
    if ((this.seen & 0x80) === 0) {
      this.validated = this.length;
      return undefined;
    }
    const validated = validateUtf8(buffer, this.validated, this.length, this.isUtf8);
    if (validated < 0) return Violations.invalidUtf8;
    this.validated = validated;
    return undefined;
  }

  private grow(capacity: number): Violation | undefined {
    const { buffer: old } = this;
    const reusable = this.leavesItsBuffer && isFit(spare, capacity) ? spare : undefined;
    const size = reusable === undefined ? capacity : reusable.length;
    if (this.budget?.take(size) === false) return Violations.outOfMemoryBudget;
    if (reusable !== undefined) spare = undefined;
    if (size >= LARGE_BYTES && !isAllocatorPrimed) primeAllocator();
    const buffer = reusable ?? Buffer.allocUnsafeSlow(size);
    old?.copy(buffer, 0, 0, this.length);
    if (old !== undefined) this.budget?.release(old.length);
    this.buffer = buffer;
    return undefined;
  }

  private get leavesItsBuffer(): boolean {
    return this.opcode === Opcode.Text || this.isCompressed;
  }

  private release(): void {
    if (this.buffer === undefined) return;
    this.budget?.release(this.buffer.length);
    this.buffer = undefined;
  }
}
