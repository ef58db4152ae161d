/** Writes bits in the order of DEFLATE (RFC 1951 section 3.1.1): numbers from their lowest bit, codes from their highest. */
export class BitWriter {
  private readonly bytes: number[] = [];
  private at = 0;

  number(value: number, bits: number): this {
    for (let i = 0; i < bits; i++) this.bit((value >> i) & 1);
    return this;
  }

  code(value: number, bits: number): this {
    for (let i = bits - 1; i >= 0; i--) this.bit((value >> i) & 1);
    return this;
  }

  /** Zeros up to the end of the octet. */
  align(): this {
    this.at = this.bytes.length * 8;
    return this;
  }

  toBuffer(): Buffer {
    return Buffer.from(this.bytes);
  }

  private bit(value: number): void {
    const index = this.at >> 3;
    this.bytes[index] = (this.bytes[index] ?? 0) | (value << (this.at & 7));
    this.at++;
  }
}

/** A literal in the fixed code (RFC 1951 section 3.2.6), for ASCII. */
export function fixedLiteral(writer: BitWriter, character: string): BitWriter {
  return writer.code(0x30 + character.charCodeAt(0), 8);
}
