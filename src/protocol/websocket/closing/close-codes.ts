/** Close codes with a meaning (RFC 6455 section 7.4.1 and the IANA registry). */
export const CloseCode = {
  Normal: 1000,
  GoingAway: 1001,
  ProtocolError: 1002,
  UnsupportedData: 1003,
  /** Never on the wire: the peer's close frame carried no code. */
  NoStatus: 1005,
  /** Never on the wire: the connection ended without a close frame. */
  Abnormal: 1006,
  InvalidPayload: 1007,
  PolicyViolation: 1008,
  MessageTooBig: 1009,
  MandatoryExtension: 1010,
  InternalError: 1011,
  ServiceRestart: 1012,
  TryAgainLater: 1013,
  BadGateway: 1014,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** Reasons for ends that carry none of their own; the words are IXWebSocket's where it has some. */
export const CloseReason = {
  Normal: 'Normal closure',
  NoStatus: 'No status code',
  /** The peer ended the stream, or it broke, without a close frame of either side. */
  Abnormal: 'Abnormal closure',
  /** `terminate()`. */
  Terminated: 'Terminated',
  /** The peer did not answer our close frame within `closeTimeoutSecs`. */
  CloseTimeout: 'Close timeout',
  /** The peer ended the stream in place of an answer to our close frame. */
  Unanswered: 'Ended without an answer to the close frame',
  /** The stream broke before the peer answered our close frame. */
  Reset: 'Reset before an answer to the close frame',
  SendTimeout: 'Send timeout',
  PingTimeout: 'Ping timeout',
} as const;

/** Tells whether a close frame may carry `code`: 1000 to 1003, 1007 to 1014, 3000 to 4999 (RFC 6455 section 7.4). */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}
