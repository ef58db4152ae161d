import { randomBytes } from 'node:crypto';

/** Bytes of an unmasked frame's header for a payload of that size (RFC 6455, section 5.2). */
export function headerBytes(size: number): number {
  if (size < 126) return 2;
  return size < 65_536 ? 4 : 10;
}

function frame(firstByte: number, payload: Buffer, maskingKey: Buffer | undefined): Buffer {
  const size = payload.length;
  const header = Buffer.alloc(headerBytes(size));
  const maskBit = maskingKey === undefined ? 0 : 0x80;
  header[0] = firstByte;
  if (size < 126) {
    header[1] = maskBit | size;
  } else if (size < 65_536) {
    header[1] = maskBit | 126;
    header.writeUInt16BE(size, 2);
  } else {
    header[1] = maskBit | 127;
    header.writeBigUInt64BE(BigInt(size), 2);
  }
  if (maskingKey === undefined) return Buffer.concat([header, payload]);
  const masked = payload.map((byte, index) => byte ^ (maskingKey[index % 4] ?? 0));
  return Buffer.concat([header, maskingKey, masked]);
}

export const textFirstByte = 0x81;
export const binaryFirstByte = 0x82;
export const compressedTextFirstByte = 0xc1;
const closeFirstByte = 0x88;

/** Printable ASCII, so that it is valid in text messages and takes the same path in every library. */
export function payloadOf(size: number, binary: boolean): Buffer {
  const bytes = randomBytes(size);
  return binary ? bytes : Buffer.from(bytes.map((byte) => 0x61 + (byte % 26)));
}

export function clientFrame(payload: Buffer, binary: boolean): Buffer {
  return frame(binary ? binaryFirstByte : textFirstByte, payload, randomBytes(4));
}

export function serverFrame(payload: Buffer, binary: boolean): Buffer {
  return frame(binary ? binaryFirstByte : textFirstByte, payload, undefined);
}

/** A text message that is compressed already, from a client. */
export function compressedFrame(payload: Buffer): Buffer {
  return frame(compressedTextFirstByte, payload, randomBytes(4));
}

/** What is in one whole frame of a server. */
export function framePayload(bytes: Buffer): Buffer {
  const code = bytes[1] ?? 0;
  if (code < 126) return bytes.subarray(2);
  return bytes.subarray(code === 126 ? 4 : 10);
}

const normalClosure = Buffer.from([0x03, 0xe8]);
export const clientCloseFrame: Buffer = frame(closeFirstByte, normalClosure, randomBytes(4));
export const serverCloseFrame: Buffer = frame(closeFirstByte, normalClosure, undefined);
