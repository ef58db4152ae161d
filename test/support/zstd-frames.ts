/** Zstandard data (RFC 8878): made by zstd 1.5, or by hand where no encoder makes such. */

const text = Buffer.from('the quick brown fox, '.repeat(40));
const plain = Buffer.from('KLUv/WBIAuUAAKh0aGUgcXVpY2sgYnJvd24gZm94LCABAGFiNZk=', 'base64');
const withChecksum = Buffer.from('KLUv/WRIAuUAAKh0aGUgcXVpY2sgYnJvd24gZm94LCABAGFiNZmFGiqZ', 'base64');
const streamed = Buffer.from('KLUv/QBQ5AAAqHRoZSBxdWljayBicm93biBmb3gsIAEAKVCdTEUAAAhpAQAYKiAE', 'base64');
const empty = Buffer.from('KLUv/SAAAQAA', 'base64');
const skippable = Buffer.from('5a2a4d18050000006869646564', 'hex');

const magic = Buffer.from('28b52ffd', 'hex');

/** `window` is the descriptor of RFC 8878 3.1.1.1.2. */
function frame(window: number, ...blocks: readonly Buffer[]): Buffer {
  return Buffer.concat([magic, Buffer.from([0x00, window]), ...blocks]);
}

const BLOCK_TYPES = { raw: 0, rle: 1, reserved: 3 };

function block(type: keyof typeof BLOCK_TYPES, size: number, isLast: boolean, content: Buffer): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (BLOCK_TYPES[type] << 1) | (isLast ? 1 : 0), 0, 3);
  return Buffer.concat([header, content]);
}

const zero = Buffer.alloc(1);
const lastBlock = block('raw', 1, true, zero);
/** 8 MiB, the largest window there may be. */
const LARGEST_WINDOW = 13 << 3;
const windowLog24 = 14 << 3;

const fourSmallBlocks = Array.from({ length: 4 }, () => block('raw', 1, false, Buffer.from('x')));

interface ValidFrame {
  readonly encoded: Buffer;
  readonly decoded: Buffer;
}

interface InvalidFrame {
  readonly encoded: Buffer;
  readonly code: 'contentCorrupt';
}

const corrupt = (encoded: Buffer): InvalidFrame => ({ encoded, code: 'contentCorrupt' });

export const zstdFrames: {
  readonly valid: Readonly<Record<string, ValidFrame>> & { readonly 'text with a checksum': ValidFrame };
  readonly invalid: Readonly<Record<string, InvalidFrame>>;
  readonly bomb: Buffer;
  readonly manySmallBlocks: Buffer;
} = {
  valid: {
    text: { encoded: plain, decoded: text },
    'text with a checksum': { encoded: withChecksum, decoded: text },
    'text of several blocks': { encoded: streamed, decoded: text },
    'an empty frame': { encoded: empty, decoded: Buffer.alloc(0) },
    'two frames': { encoded: Buffer.concat([plain, withChecksum]), decoded: Buffer.concat([text, text]) },
    'a skippable frame between two': {
      encoded: Buffer.concat([empty, skippable, plain]),
      decoded: text,
    },
    'raw blocks with the largest window': {
      encoded: frame(LARGEST_WINDOW, ...fourSmallBlocks, lastBlock),
      decoded: Buffer.from('xxxx\0'),
    },
    'a repeated byte': { encoded: frame(0x40, block('rle', 1000, true, zero)), decoded: Buffer.alloc(1000) },
  },
  invalid: {
    'a window of 16 MiB': corrupt(frame(windowLog24, lastBlock)),
    'a window of 8 MiB and a bit': corrupt(frame(LARGEST_WINDOW | 1, lastBlock)),
    'the largest window there can be': corrupt(frame(0xff, lastBlock)),
    'a single segment that is too large': corrupt(Buffer.concat([magic, Buffer.from('a001000001', 'hex'), lastBlock])),
    'a single segment of 2^64 bytes': corrupt(
      Buffer.concat([magic, Buffer.from('e0ffffffffffffffff', 'hex'), lastBlock]),
    ),
    'a block of a type that does not exist': corrupt(frame(0x40, block('reserved', 1, true, zero))),
    'a block of 2 MiB': corrupt(frame(0x60, block('rle', 2 ** 21 - 1, true, zero))),
    'a frame that needs a dictionary': corrupt(Buffer.concat([magic, Buffer.from('014005', 'hex'), lastBlock])),
    'a reserved bit': corrupt(Buffer.concat([magic, Buffer.from('0840', 'hex'), lastBlock])),
    'something else': corrupt(Buffer.from('this is no zstd data at all')),
    'something behind a frame': corrupt(Buffer.concat([plain, Buffer.from('trailing')])),
  },
  /** 2 GiB of zeros in 64 KiB. */
  bomb: frame(LARGEST_WINDOW, ...Array.from({ length: 16_384 }, () => block('rle', 128 * 1024, false, zero))),
  /** Each makes a decoder that keeps its window in one piece move 8 MiB. */
  manySmallBlocks: frame(LARGEST_WINDOW, ...Array.from({ length: 20_000 }, () => block('raw', 1, false, zero))),
};
