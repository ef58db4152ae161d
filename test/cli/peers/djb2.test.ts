import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Djb2 } from '../../../src/cli/peers/djb2.ts';

/** The definition, in numbers of any size. */
function defined(bytes: Uint8Array, isSigned: boolean): string {
  const hash = bytes.reduce(
    (h, byte) => BigInt.asUintN(64, h * 33n + BigInt(isSigned ? (byte << 24) >> 24 : byte)),
    5381n,
  );
  return String(hash);
}

describe('djb2', () => {
  it.each([
    ['xyz', '193511792'],
    ['', '5381'],
    ['hello \0\xff\n', '249890912363905570'],
  ])('of %j is %s', (text, hash) => {
    expect(new Djb2(false).update(Buffer.from(text, 'latin1')).digest()).toBe(hash);
  });

  it('is what its definition says, with signed and unsigned bytes, however they come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.nat(200), (bytes, isSigned, cut) => {
        const hash = new Djb2(isSigned).update(bytes.subarray(0, cut)).update(bytes.subarray(cut));
        expect(hash.digest()).toBe(defined(bytes, isSigned));
      }),
    );
  });
});
