import { type DeflateEngines, ENGINE_FAILED, ENGINE_TOO_BIG, type RawInflater } from '../protocol/ports.ts';

const params = { windowBits: 15, level: 6, memLevel: 8 };
const limit = 1000;
const sample: Buffer = Buffer.from('a message, and the same message once more: a message');
/** "Hello" in a block with BFINAL set (RFC 7692 section 7.2.3.5). */
const finalBlock: Buffer = Buffer.from('f348cdc9c9070000', 'hex');
/** A block of the type that does not exist. */
const garbage: Buffer = Buffer.from('ffffffff', 'hex');

/** Tells whether these engines do what is expected of them, on this platform. Takes a fraction of a millisecond. */
export function worksAsExpected(engines: DeflateEngines): boolean {
  const own = engines.createDeflater(params);
  const inflater = engines.createInflater(params.windowBits);
  try {
    return (
      goesThere(engines.sharedDeflater(params), engines.sharedInflater()) > 0 &&
      keepsHistory(own, inflater) &&
      standsErrors(inflater) &&
      standsErrors(engines.sharedInflater()) &&
      keepsTheLimit(engines)
    );
  } finally {
    own.close();
    inflater.close();
  }
}

type Deflater = ReturnType<DeflateEngines['createDeflater']>;

/** The compressed length of the sample, when it came back as it was; else 0. */
function goesThere(deflater: Deflater, inflater: RawInflater): number {
  const length = deflater.deflate(sample, 0, sample.length, limit);
  const { output } = deflater;
  if (length < 5 || output.readUInt32BE(length - 4) !== 0x0000ffff) return 0;
  return inflatesTo(inflater, output.subarray(0, length - 4), sample) ? length : 0;
}

function keepsHistory(deflater: Deflater, inflater: RawInflater): boolean {
  const first = goesThere(deflater, inflater);
  const second = goesThere(deflater, inflater);
  return first > 0 && second > 0 && second < first;
}

function standsErrors(inflater: RawInflater): boolean {
  const hello = Buffer.from('Hello');
  return (
    inflater.inflate(garbage, 0, garbage.length, limit) === ENGINE_FAILED &&
    inflatesTo(inflater, finalBlock, hello) &&
    // Without the byte that belongs behind the final block.
    inflatesTo(inflater, finalBlock.subarray(0, -1), hello) &&
    inflatesTo(inflater, finalBlock, hello)
  );
}

function keepsTheLimit(engines: DeflateEngines): boolean {
  const deflater = engines.sharedDeflater(params);
  const length = deflater.deflate(Buffer.alloc(limit + 1), 0, limit + 1, limit);
  const bomb = Buffer.from(deflater.output.subarray(0, Math.max(0, length - 4)));
  const inflater = engines.sharedInflater();
  return (
    inflater.inflate(bomb, 0, bomb.length, limit) === ENGINE_TOO_BIG &&
    inflater.inflate(bomb, 0, bomb.length, limit + 1) === limit + 1
  );
}

function inflatesTo(inflater: RawInflater, bytes: Buffer, expected: Buffer): boolean {
  const length = inflater.inflate(bytes, 0, bytes.length, limit);
  return length >= 0 && expected.equals(inflater.output.subarray(0, length));
}
