/** Frame opcodes (RFC 6455 section 5.2). */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** The bits of a frame's first two bytes (RFC 6455 section 5.2). */
export const FIN_BIT = 0x80;
export const RSV1_BIT = 0x40;
export const RSV23_BITS = 0x30;
export const OPCODE_BITS = 0x0f;
export const CONTROL_BIT = 0x08;
export const MASK_BIT = 0x80;
export const LENGTH_BITS = 0x7f;

/** A control frame carries at most this much (RFC 6455 section 5.5). */
export const MAX_CONTROL_PAYLOAD_BYTES = 125;
/** A close reason is what a control frame leaves beside the two bytes of the code. */
export const MAX_CLOSE_REASON_BYTES = 123;
/** Two bytes, eight of extended length, four of mask. */
export const MAX_HEADER_BYTES = 14;
