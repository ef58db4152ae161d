import type { Traffic } from '../../protocol/websocket/traffic.ts';

/** The deeds of a server since it was made, and its holdings now: plain numbers, which do not change any more. */
export interface ServerMetrics {
  readonly connections: {
    /** Open WebSockets. */
    readonly open: number;
    /** All that have been open. */
    readonly total: number;
    /** Connections that serve ordinary requests, on an HTTP server. */
    readonly plain: number;
    /** Ended because more than `maxTotalBufferedBytes` waited to be sent, and they held the most. */
    readonly overflows: number;
  };
  readonly handshakes: {
    readonly accepted: number;
    /** Refused ones by their code; `docs/errors.md` has the list. Codes that have not occurred are missing. */
    readonly refused: Readonly<Record<string, number>>;
    /** Under way: connections without a complete request, TLS handshakes, calls of `onUpgrade`. */
    readonly pending: number;
  };
  readonly messages: {
    readonly received: number;
    readonly sent: number;
    /** Not sent, because the client does not read fast enough. */
    readonly dropped: number;
    /** Times that a client had to wait for the others, because what it had sent took long to inflate. */
    readonly inflateWaits: number;
  };
  /** On the wire, frame headers included, without opening handshakes and TLS. */
  readonly bytes: { readonly received: number; readonly sent: number };
  /** Of messages, uncompressed. */
  readonly payloadBytes: { readonly received: number; readonly sent: number };
  /**
   * The bytes of payload that a byte on the wire stands for: 1, or a little less because of frame headers, without
   * compression, and 4 where a message shrinks to a quarter. 0 as long as there was nothing.
   */
  readonly compressionRatio: { readonly received: number; readonly sent: number };
  /** Bytes that wait to be sent, on all connections together. */
  readonly bufferedBytes: number;
  /** Bytes of memory taken by unfinished messages, of the `maxUnfinishedBytes` there are. */
  readonly unfinishedBytes: number;
}

/** The numbers that a server counts by itself. */
export interface ServerCounts {
  readonly open: number;
  readonly plain: number;
  readonly accepted: number;
  readonly overflows: number;
  readonly refused: ReadonlyMap<string, number>;
  readonly pending: number;
  readonly bufferedBytes: number;
  readonly unfinishedBytes: number;
}

export function snapshot(counts: ServerCounts, traffic: Traffic): ServerMetrics {
  const { open, plain, accepted, overflows, refused, pending, bufferedBytes, unfinishedBytes } = counts;
  const { bytesReceived, bytesSent, payloadBytesReceived, payloadBytesSent } = traffic;
  return Object.freeze({
    connections: Object.freeze({ open, total: accepted, plain, overflows }),
    handshakes: Object.freeze({ accepted, refused: Object.freeze(Object.fromEntries(refused)), pending }),
    messages: Object.freeze({
      received: traffic.messagesReceived,
      sent: traffic.messagesSent,
      dropped: traffic.messagesDropped,
      inflateWaits: traffic.inflateWaits,
    }),
    bytes: Object.freeze({ received: bytesReceived, sent: bytesSent }),
    payloadBytes: Object.freeze({ received: payloadBytesReceived, sent: payloadBytesSent }),
    compressionRatio: Object.freeze({
      received: ratio(payloadBytesReceived, bytesReceived),
      sent: ratio(payloadBytesSent, bytesSent),
    }),
    bufferedBytes,
    unfinishedBytes,
  });
}

function ratio(payloadBytes: number, wireBytes: number): number {
  return wireBytes === 0 ? 0 : payloadBytes / wireBytes;
}
