/*
 * UTF-8 sequences, valid and not, derived from the table of well-formed byte sequences of the Unicode Standard
 * (table 3-7), which says the same as RFC 3629 section 4.
 */

export interface ValidSequence {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface InvalidSequence {
  readonly name: string;
  readonly bytes: Buffer;
  /**
   * How many octets of it make certain that it is invalid: no octet that could follow would help. One more than there
   * are when it is only incomplete.
   */
  readonly failsAt: number;
}

/** The rows of the table: the range of each byte. */
const rows: readonly (readonly (readonly [number, number])[])[] = [
  [[0x00, 0x7f]],
  [
    [0xc2, 0xdf],
    [0x80, 0xbf],
  ],
  [
    [0xe0, 0xe0],
    [0xa0, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xe1, 0xec],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xed, 0xed],
    [0x80, 0x9f],
    [0x80, 0xbf],
  ],
  [
    [0xee, 0xef],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf0, 0xf0],
    [0x90, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf1, 0xf3],
    [0x80, 0xbf],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
  [
    [0xf4, 0xf4],
    [0x80, 0x8f],
    [0x80, 0xbf],
    [0x80, 0xbf],
  ],
];

/** How many octets it takes until no row fits any more; the length and one when the last character is incomplete. */
function findFailure(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < bytes.length; ) {
    const row = rows.find(([first]) => first !== undefined && isWithin(bytes[at], first));
    if (row === undefined) return at + 1;
    for (let i = 1; i < row.length; i++) {
      const range = row[i] ?? [0, 0];
      if (at + i === bytes.length) return bytes.length + 1;
      if (!isWithin(bytes[at + i], range)) return at + i + 1;
    }
    at += row.length;
  }
  return undefined;
}

function isWithin(byte: number | undefined, [from, to]: readonly [number, number]): boolean {
  return byte !== undefined && byte >= from && byte <= to;
}

/** A number in the form of so many octets, whether it should have that form or not. */
function encode(value: number, octets: number): number[] {
  if (octets === 1) return [value];
  const bytes: number[] = [];
  for (let i = 0; i < octets - 1; i++) bytes.unshift(0x80 | (Math.floor(value / 64 ** i) % 64));
  const lead = (0xff << (8 - octets)) & 0xff;
  return [lead | Math.floor(value / 64 ** (octets - 1)), ...bytes];
}

const nameOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function valid(name: string, bytes: readonly number[]): ValidSequence {
  const sequence = Buffer.from(bytes);
  if (findFailure(sequence) !== undefined) throw new Error(`${name} is not valid`);
  return { name: `${name}/${nameOf(sequence)}`, bytes: sequence };
}

function invalid(name: string, bytes: readonly number[]): InvalidSequence {
  const sequence = Buffer.from(bytes);
  const failsAt = findFailure(sequence);
  if (failsAt === undefined) throw new Error(`${name} is valid`);
  return { name: `${name}/${nameOf(sequence)}`, bytes: sequence, failsAt };
}

function* validOnes(): Generator<ValidSequence> {
  for (const [i, row] of rows.entries()) {
    for (const edge of [0, 1] as const)
      yield valid(
        `row-${i}`,
        row.map((range) => range[edge]),
      );
  }
  const boundaries: readonly [number, number][] = [
    [0x01, 1],
    [0x7e, 1],
    [0x80, 2],
    [0x7ff, 2],
    [0x800, 3],
    [0xfff, 3],
    [0xd7ff, 3],
    [0xe000, 3],
    [0xfffd, 3],
    [0x1_0000, 4],
    [0xf_fffd, 4],
    [0x10_0000, 4],
    [0x10_fffd, 4],
  ];
  for (const [value, octets] of boundaries) yield valid('boundary', encode(value, octets));
  for (const value of [0xfdd0, 0xfdef, 0xfeff, 0xfffe, 0xffff]) yield valid('non-character', encode(value, 3));
  for (let plane = 1; plane <= 16; plane++) {
    for (const value of [0xfffe, 0xffff]) yield valid('non-character', encode(plane * 0x1_0000 + value, 4));
  }
  yield valid('combining', [...encode(0x65, 1), ...encode(0x301, 2), ...encode(0x200d, 3), ...encode(0x1f468, 4)]);
}

function* invalidOnes(): Generator<InvalidSequence> {
  // Each byte of each row, one below and one above its range.
  for (const [i, row] of rows.entries()) {
    if (row.length === 1) continue;
    for (let at = 1; at < row.length; at++) {
      const [from, to] = row[at] ?? [0, 0];
      for (const byte of [from - 1, to + 1]) {
        yield invalid(
          `row-${i}-byte-${at + 1}`,
          row.map(([low], j) => (j === at ? byte : low)),
        );
      }
    }
    // The row cut off at each length, alone and before a character of one byte.
    for (let length = 1; length < row.length; length++) {
      const start = row.slice(0, length).map(([, high]) => high);
      yield invalid(`row-${i}-truncated`, start);
      yield invalid(`row-${i}-truncated-before-a`, [...start, 0x61]);
      yield invalid(`row-${i}-truncated-twice`, [...start, ...start]);
    }
    yield invalid(`row-${i}-one-too-many`, [...row.map(([low]) => low), 0x80]);
  }
  for (const byte of [0x80, 0x81, 0xbf]) yield invalid('lone-continuation', [byte]);
  for (const count of [2, 3, 4, 5, 6, 7])
    yield invalid(
      'lone-continuations',
      Array.from({ length: count }, () => 0x80),
    );
  for (const byte of [0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xfb, 0xfc, 0xfd, 0xfe, 0xff]) {
    yield invalid('impossible-byte', [byte]);
    yield invalid('impossible-byte-before-a', [byte, 0x61]);
    yield invalid('impossible-byte-continued', [byte, 0x80, 0x80, 0x80]);
  }
  // One character in more octets than it takes: '/', the highest of each shorter form, and NUL.
  const overlong: readonly [number, number][] = [
    [0x2f, 2],
    [0x2f, 3],
    [0x2f, 4],
    [0x2f, 5],
    [0x2f, 6],
    [0x7f, 2],
    [0x7ff, 3],
    [0xffff, 4],
    [0x1f_ffff, 5],
    [0x3ff_ffff, 6],
    [0, 2],
    [0, 3],
    [0, 4],
    [0, 5],
    [0, 6],
  ];
  for (const [value, octets] of overlong) yield invalid(`overlong-${octets}`, encode(value, octets));
  for (const value of [0x11_0000, 0x13_ffff, 0x14_0000, 0x1f_ffff]) yield invalid('too-high', encode(value, 4));
  yield invalid('too-high', encode(0x20_0000, 5));
  yield invalid('too-high', encode(0x400_0000, 6));
  for (const value of [0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff]) {
    yield invalid('surrogate', encode(value, 3));
  }
  for (const [high, low] of [
    [0xd800, 0xdc00],
    [0xd800, 0xdfff],
    [0xdb7f, 0xdc00],
    [0xdb80, 0xdfff],
    [0xdbff, 0xdc00],
    [0xdbff, 0xdfff],
  ] as const) {
    yield invalid('surrogate-pair', [...encode(high, 3), ...encode(low, 3)]);
  }
}

function unique<T extends { readonly bytes: Buffer }>(sequences: Iterable<T>): T[] {
  const seen = new Map<string, T>();
  for (const sequence of sequences) {
    const key = nameOf(sequence.bytes);
    if (!seen.has(key)) seen.set(key, sequence);
  }
  return [...seen.values()];
}

export const validSequences: readonly ValidSequence[] = unique(validOnes());
export const invalidSequences: readonly InvalidSequence[] = unique(invalidOnes());
