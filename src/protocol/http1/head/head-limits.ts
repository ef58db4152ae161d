import { bytes, count } from '../../../util/option-kinds.ts';
import type { OptionLines } from '../../../util/option-table.ts';

/** Bounds on one message head, all counted while it is read. */
export interface HeadLimits {
  /**
   * Bytes of the whole head with its line ends. More is refused: with 414 when the request line alone is longer, else
   * with 431. @default 16384
   */
  readonly maxHeadBytes: number;
  /** Header fields. More are refused with 431. @default 100 */
  readonly maxHeaders: number;
}

/** The options of clients and servers for them. */
export const headLines: OptionLines<HeadLimits> = {
  maxHeadBytes: bytes(16_384, { min: 1024, max: 16 * 1024 * 1024 }),
  maxHeaders: count(100, { min: 1, max: 65_536 }),
};

export const defaultHeadLimits: HeadLimits = Object.freeze({
  maxHeadBytes: headLines.maxHeadBytes.fallback,
  maxHeaders: headLines.maxHeaders.fallback,
});
