import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PerMessageDeflateAgreement } from '../../src/protocol/websocket/deflate/per-message-deflate-negotiation.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { withoutTakeover, withTakeover } from '../support/deflate-pair.ts';
import { turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { FuzzVictim, type FuzzVictimOptions } from '../support/fuzz-victim.ts';
import { HangWatch } from '../support/hang-watch.ts';
import { patient } from '../support/patience.ts';
import { Random } from '../support/random.ts';
import { mutate, type RecordedSession, recordSession } from '../support/recorded-session.ts';

/*
 * Everything between the bytes of a socket and the messages of a user, without the socket: valid sessions are recorded,
 * changed, cut anywhere, and read. The same cases at every run; to look at one again, run it alone by its number.
 */

const SEED = 20_251_122;
const MUTATED = 800_000;
const GENERATED = 120_000;
const RECORDED = 150;
const KIB = 1024;
const TIMEOUT_MS = patient(400_000);

const roles = ['server', 'client'] as const;
const agreements: readonly (readonly [name: string, agreement: PerMessageDeflateAgreement, share: number])[] = [
  ['without takeover', withoutTakeover, 0.7],
  ['with takeover', withTakeover, 0.2],
  ['with takeover and small windows', { ...withTakeover, clientMaxWindowBits: 8, serverMaxWindowBits: 9 }, 0.1],
];

function memoryInUse(): number {
  return usedBytes() + process.memoryUsage().external;
}

function randomCuts(random: Random, length: number): number[] {
  const count = random.pick([0, 0, 1, 2, 5, 20]);
  return Array.from({ length: count }, () => random.below(length + 1)).toSorted((a, b) => a - b);
}

interface Counts {
  cases: number;
  messages: number;
  violations: Map<string, number>;
}

/** One case; what it throws names its number. */
function runCase(
  number: number,
  role: 'client' | 'server',
  agreement: PerMessageDeflateAgreement,
  counts: Counts,
  sessions: readonly RecordedSession[],
): void {
  const random = new Random(SEED + number);
  const bytes = mutate(random.pick(sessions), sessions, random);
  const options: FuzzVictimOptions = {
    role,
    agreement: random.once(12) ? undefined : agreement,
    maxMessageBytes: random.pick([64 * KIB, 64 * KIB, 1000]),
    maxFragments: random.pick([1000, 1000, 5]),
    budgetBytes: random.once(10) ? 60 * KIB : undefined,
    checksWire: random.once(16),
  };
  const victim = new FuzzVictim(options);
  victim.read(bytes, randomCuts(random, bytes.length));
  victim.end();
  counts.cases++;
  counts.messages += victim.messages;
  const { violation } = victim;
  if (violation !== undefined) counts.violations.set(violation.code, (counts.violations.get(violation.code) ?? 0) + 1);
  if (!random.once(8) || options.budgetBytes !== undefined) return;
  // However the same bytes are cut, the same is reported.
  const again = new FuzzVictim({ ...options, checksWire: false });
  again.read(bytes, randomCuts(random, bytes.length));
  again.end();
  if (again.digest !== victim.digest) throw new Error('what is reported depends on how the bytes are cut');
}

describe.each(roles)('recorded sessions, changed, for a %s', (role) => {
  test.each(agreements)(
    '%s: no crash, no hang, no error but ours, memory flat',
    async (name, agreement, share) => {
      const recorder = new Random(SEED);
      const peer = role === 'server' ? 'client' : 'server';
      const sessions = Array.from({ length: RECORDED }, () => recordSession(peer, agreement, recorder));
      const counts: Counts = { cases: 0, messages: 0, violations: new Map() };
      const what = `fuzzing a ${role} ${name} with seed ${SEED}`;
      const hangs = new HangWatch(what);
      const total = Math.round((MUTATED / 2) * share);
      const warmUp = Math.round(total / 5);
      let before = 0;
      try {
        for (let number = 0; number < total; number++) {
          if (number % 1000 === 0) {
            hangs.begin(number);
            await turns(1);
          }
          if (number === warmUp) before = memoryInUse();
          const start = performance.now();
          try {
            runCase(number, role, agreement, counts, sessions);
          } catch (error) {
            throw new Error(`${what}: case ${number}`, { cause: error });
          }
          if (performance.now() - start > 5000) throw new Error(`${what}: case ${number} took too long`);
        }
      } finally {
        await hangs.stop();
      }
      await turns(5);
      expect(memoryInUse() - before).toBeLessThan(3 * KIB * KIB);
      expect(counts.cases).toBe(total);
      // Mutations that break everything, or nothing, would show little.
      expect(counts.messages).toBeGreaterThan(total / 2);
      expect(counts.violations.size).toBeGreaterThanOrEqual(14);
    },
    TIMEOUT_MS,
  );
});

/** Frames of which any field may be wrong, and bytes that are no frames. */
function streamArbitrary(role: 'client' | 'server'): fc.Arbitrary<Buffer> {
  const payload = fc.oneof(
    { weight: 3, arbitrary: fc.uint8Array({ maxLength: 140 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => Buffer.from(text)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...['f248cdc9c90700', '00', 'f348cdc9c9070000', 'ffff', '03e8', '0bb8616263'].map((digits) =>
          Buffer.from(digits, 'hex'),
        ),
      ),
    },
    { weight: 1, arbitrary: fc.nat({ max: 70_000 }).map((length) => Buffer.alloc(length, 'ab')) },
  );
  const ordinary = role === 'server' ? RFC_MASK : undefined;
  const one = fc
    .record({
      opcode: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) },
        { weight: 1, arbitrary: fc.nat(15) },
      ),
      fin: fc.boolean(),
      rsv: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 3, arbitrary: fc.constant(4) },
        { weight: 1, arbitrary: fc.nat(7) },
      ),
      payload,
      mask: fc.oneof(
        { weight: 20, arbitrary: fc.constant(ordinary) },
        { weight: 1, arbitrary: fc.constantFrom(undefined, '00000000') },
      ),
      declare: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { freq: 12, nil: undefined }),
    })
    .map((fields) => frame({ ...fields, ...(fields.declare === undefined ? {} : { lengthForm: 64 }) }));
  const junk = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
  const parts = fc.array(fc.oneof({ weight: 9, arbitrary: one }, { weight: 1, arbitrary: junk }), { maxLength: 8 });
  return parts.map((all) => Buffer.concat(all));
}

describe.each(roles)('generated frames for a %s', (role) => {
  test(
    'no crash, no error but ours, whatever they are and however they are cut',
    () => {
      const property = fc.property(
        streamArbitrary(role),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
        fc.constantFrom(undefined, withoutTakeover),
        (bytes, shares, agreement) => {
          const cuts = shares.map((share) => Math.floor(share * bytes.length)).toSorted((a, b) => a - b);
          const options = { role, agreement, maxMessageBytes: 64 * KIB, maxFragments: 100, checksWire: true };
          const victim = new FuzzVictim(options);
          victim.read(bytes, cuts);
          victim.end();
          const whole = new FuzzVictim({ ...options, checksWire: false });
          whole.read(bytes, []);
          whole.end();
          return whole.digest === victim.digest && whole.violation?.code === victim.violation?.code;
        },
      );
      fc.assert(property, { seed: SEED, numRuns: GENERATED / 2 });
    },
    TIMEOUT_MS,
  );
});
