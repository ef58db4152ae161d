/**
 * Sums of what has gone through one connection, or through all of a server that share it. Only integers are ever added.
 */
export interface Traffic {
  messagesReceived: number;
  messagesSent: number;
  /** Accepted or not, they will not be sent, because the peer does not read fast enough. */
  messagesDropped: number;
  /** Times that a connection had to wait for another turn, because its messages took long to inflate. */
  inflateWaits: number;
  /** On the wire: frame headers, control frames and compressed messages as they are. */
  bytesReceived: number;
  bytesSent: number;
  /** Of whole messages, uncompressed. */
  payloadBytesReceived: number;
  payloadBytesSent: number;
}

export function createTraffic(): Traffic {
  return {
    messagesReceived: 0,
    messagesSent: 0,
    messagesDropped: 0,
    inflateWaits: 0,
    bytesReceived: 0,
    bytesSent: 0,
    payloadBytesReceived: 0,
    payloadBytesSent: 0,
  };
}
