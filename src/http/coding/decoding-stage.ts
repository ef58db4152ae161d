/** Takes decoded or encoded bytes, which stay as they are. A promise holds the producer up until it settles. */
export type ByteConsumer = (chunk: Buffer) => void | Promise<void>;

/**
 * One step of an encoding or decoding: bytes in, bytes out to a {@link ByteConsumer}. Calls must not overlap: each
 * waits for the promise of the one before.
 */
export interface DecodingStage {
  /**
   * Settles when more may come. Rejects with a `BodyError`, or with what the consumer threw; then nothing works any
   * more.
   */
  write(chunk: Buffer): Promise<void>;
  /** Settles when everything was consumed. Rejects when the input ended too early. */
  end(): Promise<void>;
  /** Frees what is held. Harmless at any time; what is pending rejects. */
  destroy(): void;
}
