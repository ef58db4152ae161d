/** Frames written by hand, from the picture in RFC 6455 section 5.2 and from nothing in `src/`. */
export interface FrameFields {
  readonly opcode: number;
  readonly payload?: Uint8Array | string | undefined;
  /** The last frame of its message; true by default. */
  readonly fin?: boolean | undefined;
  /** RSV1, RSV2 and RSV3 as a number of three bits. */
  readonly rsv?: number | undefined;
  /** The four bytes of the key in hex; unmasked without it. */
  readonly mask?: string | undefined;
  /** Which of the three forms of the length to use, instead of the shortest. */
  readonly lengthForm?: 7 | 16 | 64 | undefined;
  /** A length to declare instead of the true one. */
  readonly declare?: bigint | undefined;
}

/** The key of the examples in section 5.7. */
export const RFC_MASK = '37fa213d';

/** Bytes from hex digits; blanks are for the reader. */
export function hex(digits: string): Buffer {
  const compact = digits.replace(/\s+/g, '');
  const bytes = Buffer.from(compact, 'hex');
  if (bytes.length * 2 !== compact.length) throw new Error(`not hex: ${digits}`);
  return bytes;
}

export function frame(fields: FrameFields): Buffer {
  const payload = Buffer.from(fields.payload ?? '');
  const declared = fields.declare ?? BigInt(payload.length);
  const header = [((fields.fin ?? true) ? 0x80 : 0) + (fields.rsv ?? 0) * 16 + fields.opcode, 0];
  const form = fields.lengthForm ?? (declared < 126n ? 7 : declared < 65536n ? 16 : 64);
  header[1] = (fields.mask === undefined ? 0 : 0x80) + (form === 7 ? Number(declared) : form === 16 ? 126 : 127);
  const extended = form === 7 ? 0 : form / 8;
  for (let i = extended - 1; i >= 0; i--) header.push(Number((declared >> BigInt(8 * i)) & 0xffn));
  if (fields.mask === undefined) return Buffer.concat([Buffer.from(header), payload]);
  const key = hex(fields.mask);
  const masked = payload.map((byte, i) => byte ^ (key[i % 4] ?? 0));
  return Buffer.concat([Buffer.from(header), key, masked]);
}

/** What can be read from one frame. */
export interface ReadFrame {
  readonly first: number;
  readonly mask: string | undefined;
  readonly payload: Buffer;
}

/** Takes a stream of whole frames apart. */
export function readFrames(bytes: Buffer): ReadFrame[] {
  const frames: ReadFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.readUInt8(at);
    const second = bytes.readUInt8(at + 1);
    at += 2;
    let length = second % 128;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    let key: Buffer | undefined;
    if (second >= 128) {
      key = bytes.subarray(at, at + 4);
      at += 4;
    }
    if (at + length > bytes.length) throw new Error('the last frame is cut');
    const payload = Buffer.from(bytes.subarray(at, at + length));
    const { [0]: k0 = 0, [1]: k1 = 0, [2]: k2 = 0, [3]: k3 = 0 } = key ?? [];
    const keys = [k0, k1, k2, k3];
    frames.push({
      first,
      mask: key?.toString('hex'),
      payload: payload.map((b, i) => b ^ (keys[i % 4] ?? 0)) as Buffer,
    });
    at += length;
  }
  return frames;
}
