import { simdMemory } from '../../util/simd-memory.ts';

/**
 * One buffer for every read of every socket: what arrives is parsed before the next read happens, on whatever
 * connection, so one is enough, and no read allocates. It lies where payloads are unmasked fastest. Nothing outside the
 * transports and the parsers may see it.
 */
export const sharedReadBuffer: Buffer = Buffer.from(simdMemory);
