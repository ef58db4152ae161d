/**
 * One buffer for every read of every socket: what arrives is parsed before the next read happens, on whatever
 * connection, so one is enough, and no read allocates. Nothing outside the transports and the parsers may see it.
 */
export const sharedReadBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
