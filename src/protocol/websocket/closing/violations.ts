import { Opcode } from '../frames/opcodes.ts';
import { CloseCode } from './close-codes.ts';

/** A breach of the protocol by the peer, and the close frame that answers it. */
export interface Violation {
  /** Stable name of the violation, for programs and counters. */
  readonly code: string;
  readonly closeCode: number;
  readonly reason: string;
}

function violation(code: string, closeCode: number, reason: string): Violation {
  return Object.freeze({ code, closeCode, reason });
}

/** The violations that need no detail. */
export type ViolationName =
  | 'reservedBit'
  | 'unknownOpcode'
  | 'controlFragmented'
  | 'dataOutOfSequence'
  | 'continuationOutOfSequence'
  | 'unmaskedFrame'
  | 'maskedFrame'
  | 'lengthNotMinimal'
  | 'lengthOverflow'
  | 'messageTooBig'
  | 'tooManyFragments'
  | 'tooManyControlFrames'
  | 'tooManyMessages'
  | 'outOfMemoryBudget'
  | 'invalidUtf8'
  | 'invalidCompressedData'
  | 'closePayloadTruncated';

/** Every violation the receiving side knows. This table is the only place where one becomes a close code. */
export const Violations: Readonly<Record<ViolationName, Violation>> = Object.freeze({
  reservedBit: violation('reservedBit', CloseCode.ProtocolError, 'Reserved bit used'),
  unknownOpcode: violation('unknownOpcode', CloseCode.ProtocolError, 'Protocol error'),
  controlFragmented: violation('controlFragmented', CloseCode.ProtocolError, 'Control message fragmented'),
  dataOutOfSequence: violation(
    'dataOutOfSequence',
    CloseCode.ProtocolError,
    'Fragmentation: data message out of sequence',
  ),
  continuationOutOfSequence: violation(
    'continuationOutOfSequence',
    CloseCode.ProtocolError,
    'Fragmentation: continuation opcode out of sequence',
  ),
  unmaskedFrame: violation('unmaskedFrame', CloseCode.ProtocolError, 'Client frame is not masked'),
  maskedFrame: violation('maskedFrame', CloseCode.ProtocolError, 'Server frame is masked'),
  lengthNotMinimal: violation('lengthNotMinimal', CloseCode.ProtocolError, 'Payload length is not minimal'),
  lengthOverflow: violation('lengthOverflow', CloseCode.ProtocolError, 'Payload length has its highest bit set'),
  messageTooBig: violation('messageTooBig', CloseCode.MessageTooBig, 'Message too big'),
  tooManyFragments: violation('tooManyFragments', CloseCode.PolicyViolation, 'Too many fragments'),
  tooManyControlFrames: violation('tooManyControlFrames', CloseCode.PolicyViolation, 'Too many control frames'),
  tooManyMessages: violation('tooManyMessages', CloseCode.PolicyViolation, 'Too many messages'),
  outOfMemoryBudget: violation('outOfMemoryBudget', CloseCode.TryAgainLater, 'Too much memory in unfinished messages'),
  invalidUtf8: violation('invalidUtf8', CloseCode.InvalidPayload, 'Invalid frame payload data'),
  invalidCompressedData: violation('invalidCompressedData', CloseCode.InvalidPayload, 'Invalid compressed data'),
  closePayloadTruncated: violation('closePayloadTruncated', CloseCode.ProtocolError, 'Close payload of one byte'),
});

/** A ping, pong or close that is longer than a control frame may be (RFC 6455 section 5.5). */
export function controlTooLong(opcode: number, length: number): Violation {
  const reason =
    opcode === Opcode.Ping
      ? 'Ping reason control frame with payload length > 125 octets'
      : `${opcode === Opcode.Pong ? 'Pong' : 'Close'} control frame with payload length ${length} > 125 octets`;
  return violation('controlTooLong', CloseCode.ProtocolError, reason);
}

/** A close frame carried a code that must not be on the wire (RFC 6455 section 7.4). */
export function invalidCloseCode(code: number): Violation {
  return violation('invalidCloseCode', CloseCode.ProtocolError, `Invalid close code: ${code}`);
}
