import { controlTooLong, type Violation, Violations } from '../closing/violations.ts';
import {
  CONTROL_BIT,
  FIN_BIT,
  LENGTH_BITS,
  MASK_BIT,
  MAX_CONTROL_PAYLOAD_BYTES,
  OPCODE_BITS,
  Opcode,
  RSV1_BIT,
  RSV23_BITS,
} from './opcodes.ts';

/**
 * Judges all that the first two bytes of a frame can tell (RFC 6455 sections 5.1, 5.2, 5.4 and 5.5).
 *
 * @param maskBit `MASK_BIT` where frames have to be masked, else 0
 * @param allowsRsv1 true when messages may be compressed
 * @param isInMessage true when the first frame of a message came, and not its last
 */
export function checkFrameStart(
  first: number,
  second: number,
  maskBit: number,
  allowsRsv1: boolean,
  isInMessage: boolean,
): Violation | undefined {
  const opcode = first & OPCODE_BITS;
  const isControl = (opcode & CONTROL_BIT) !== 0;
  if ((first & RSV23_BITS) !== 0) return Violations.reservedBit;
  if ((first & RSV1_BIT) !== 0 && (!allowsRsv1 || isControl || opcode === Opcode.Continuation)) {
    return Violations.reservedBit;
  }
  if (opcode > Opcode.Pong || (opcode > Opcode.Binary && !isControl)) return Violations.unknownOpcode;
  if (isControl) {
    if ((first & FIN_BIT) === 0) return Violations.controlFragmented;
  } else if (opcode === Opcode.Continuation) {
    if (!isInMessage) return Violations.continuationOutOfSequence;
  } else if (isInMessage) return Violations.dataOutOfSequence;
  if ((second & MASK_BIT) === maskBit) return undefined;
  return maskBit === 0 ? Violations.maskedFrame : Violations.unmaskedFrame;
}

/**
 * The length that a frame's header declares, in its shortest form and below 2^63 (RFC 6455 section 5.2), and short in a
 * control frame (section 5.5).
 */
export function readPayloadLength(header: Buffer): number | Violation {
  const length = readLength(header);
  const first = header[0] as number;
  if ((first & CONTROL_BIT) === 0 || typeof length !== 'number' || length <= MAX_CONTROL_PAYLOAD_BYTES) return length;
  return controlTooLong(first & OPCODE_BITS, length);
}

function readLength(header: Buffer): number | Violation {
  const short = (header[1] as number) & LENGTH_BITS;
  if (short === 126) {
    const length = header.readUInt16BE(2);
    return length < 126 ? Violations.lengthNotMinimal : length;
  }
  if (short < 126) return short;
  const high = header.readUInt32BE(2);
  const length = high * 0x1_0000_0000 + header.readUInt32BE(6);
  if (high > 0x7fff_ffff) return Violations.lengthOverflow;
  return length < 0x1_0000 ? Violations.lengthNotMinimal : length;
}
