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

export const defaultHeadLimits: HeadLimits = Object.freeze({
  maxHeadBytes: 16_384,
  maxHeaders: 100,
});
