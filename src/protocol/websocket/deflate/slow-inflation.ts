import { ENGINE_TOO_BIG, ENGINE_UNFINISHED, type RawInflater } from '../../ports.ts';
import type { MemoryBudget } from '../frames/message-assembler.ts';
import {
  DECOMPRESS_INVALID,
  DECOMPRESS_NO_MEMORY,
  DECOMPRESS_TOO_BIG,
  DECOMPRESS_UNFINISHED,
  type SlowMessage,
} from '../frames/message-decompressor.ts';

/** The parts of a {@link SlowInflation}. */
export interface SlowInflationParts {
  readonly inflater: RawInflater;
  /** True when nothing but this message uses the engine. */
  readonly ownsInflater: boolean;
  /** The rest of the compressed message. */
  readonly input: Buffer;
  readonly maxBytes: number;
  /** Milliseconds of a turn. */
  readonly turnMs: number;
  readonly budget: MemoryBudget | undefined;
}

/** A message in the middle of being inflated: its engine, the rest of its input, and its output so far. */
export class SlowInflation implements SlowMessage {
  private readonly parts: SlowInflationParts;
  private at = 0;
  private paidBytes = 0;
  private isOver = false;

  constructor(parts: SlowInflationParts) {
    this.parts = parts;
    parts.inflater.detachOutput();
  }

  get output(): Buffer {
    return this.parts.inflater.output;
  }

  goOn(): number {
    const { inflater, input, maxBytes, turnMs } = this.parts;
    if (!this.pay()) return this.fail(DECOMPRESS_NO_MEMORY);
    const result = inflater.resume(input, this.at, input.length, maxBytes, turnMs);
    if (result >= 0) return result;
    if (result === ENGINE_UNFINISHED) {
      this.at = input.length - inflater.inputLeft;
      return DECOMPRESS_UNFINISHED;
    }
    return this.fail(result === ENGINE_TOO_BIG ? DECOMPRESS_TOO_BIG : DECOMPRESS_INVALID);
  }

  releaseOutput(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { inflater, ownsInflater, budget } = this.parts;
    inflater.releaseOutput();
    if (ownsInflater) inflater.close();
    budget?.release(this.paidBytes);
  }

  /** Pays for the input and the output, which others have to wait for. */
  private pay(): boolean {
    const { input, budget } = this.parts;
    const more = input.length + this.output.length - this.paidBytes;
    if (more <= 0) return true;
    if (budget?.take(more) === false) return false;
    this.paidBytes += more;
    return true;
  }

  private fail(result: number): number {
    this.releaseOutput();
    return result;
  }
}
