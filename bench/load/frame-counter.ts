/** Finds the ends of frames of any length up to 65 535 bytes in what one connection receives. */
export class FrameCounter {
  readonly #firstByte: number;
  /** Bytes of the header that were seen: 4 means that it is complete. */
  #seen = 0;
  #payloadLeft = 0;

  constructor(firstByte: number) {
    this.#firstByte = firstByte;
  }

  /** The number of frames that end in these bytes. */
  count(bytes: Buffer, length: number): number {
    let frames = 0;
    for (let at = 0; at < length; ) {
      if (this.#seen < 4) {
        this.#readHeaderByte(bytes[at] ?? 0);
        at += 1;
      } else {
        const step = Math.min(this.#payloadLeft, length - at);
        this.#payloadLeft -= step;
        at += step;
      }
      if (this.#seen === 4 && this.#payloadLeft === 0) {
        frames += 1;
        this.#seen = 0;
      }
    }
    return frames;
  }

  #readHeaderByte(byte: number): void {
    switch (this.#seen) {
      case 0:
        if (byte !== this.#firstByte) throw new Error(`a frame began with ${byte}`);
        this.#seen = 1;
        return;
      case 1:
        if (byte > 126) throw new Error('a reply is masked or longer than 64 KiB');
        this.#payloadLeft = byte;
        this.#seen = byte < 126 ? 4 : 2;
        return;
      default:
        this.#payloadLeft = this.#seen === 2 ? byte << 8 : this.#payloadLeft | byte;
        this.#seen += 1;
    }
  }
}
