const LOW_16 = 0xffff;

/**
 * The hash djb2 with 64 bits: `hash * 33 + byte`, from 5381 on. What is sent with a file is computed with unsigned
 * bytes, and what `gzip` prints with signed ones, as the C++ program does.
 */
export class Djb2 {
  // Four digits of 16 bits, lowest first: with those all products are exact and fast, unlike with BigInt.
  private readonly digits: [number, number, number, number] = [5381, 0, 0, 0];
  private readonly isSigned: boolean;

  constructor(isSigned: boolean) {
    this.isSigned = isSigned;
  }

  update(bytes: Uint8Array): this {
    const { digits, isSigned } = this;
    let [a, b, c, d] = digits;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] ?? 0;
      const isNegative = isSigned && byte >= 0x80;
      // A negative byte is added as its two's complement of 64 bits.
      const high = isNegative ? LOW_16 : 0;
      a = a * 33 + (isNegative ? byte | 0xff00 : byte);
      b = b * 33 + high + (a >>> 16);
      c = c * 33 + high + (b >>> 16);
      d = (d * 33 + high + (c >>> 16)) & LOW_16;
      a &= LOW_16;
      b &= LOW_16;
      c &= LOW_16;
    }
    this.digits.splice(0, 4, a, b, c, d);
    return this;
  }

  /** In decimal. */
  digest(): string {
    const [a, b, c, d] = this.digits.map(BigInt);
    return String(((((d ?? 0n) << 16n) | (c ?? 0n)) << 32n) | ((b ?? 0n) << 16n) | (a ?? 0n));
  }
}
