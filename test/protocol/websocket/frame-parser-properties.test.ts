import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Violations } from '../../../src/protocol/websocket/closing/violations.ts';
import { expectSame } from '../../support/expect-same.ts';
import { frame } from '../../support/frames.ts';
import { createParser, feed, parseOnce, type Role } from '../../support/parse-every-way.ts';
import { type FrameEvent, writtenBytes, writtenText } from '../../support/recording-frame-handler.ts';
import { TestBudget } from '../../support/test-budget.ts';

const anyMask = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((key) => Buffer.from(key).toString('hex'));
const anyRole = fc.constantFrom<Role>('client', 'server');

/** Frames that are right for `role` in themselves, and in any order, so that many sequences are wrong. */
function framesFor(role: Role): fc.Arbitrary<Buffer> {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => Buffer.from(text)),
    fc.nat({ max: 400 }).map((length) => Buffer.alloc(length, 0x61)),
  );
  return fc
    .record({
      opcode: fc.constantFrom(0, 0, 1, 1, 2, 2, 9, 10, 8),
      fin: fc.boolean(),
      payload,
      mask: anyMask,
      fault: fc.nat({ max: 30 }),
    })
    .map(({ opcode, fin, payload, mask, fault }) =>
      frame({
        opcode: fault === 0 ? 3 : opcode,
        fin: opcode >= 8 ? fault !== 1 : fin,
        rsv: fault === 2 ? 1 : 0,
        payload: opcode >= 8 && fault !== 3 ? payload.subarray(0, 125) : payload,
        mask: (role === 'server') === (fault !== 4) ? mask : undefined,
        lengthForm: fault === 5 ? 64 : undefined,
      }),
    );
}

const anyWire = anyRole.chain((role) =>
  fc.record({
    role: fc.constant(role),
    wire: fc.array(framesFor(role), { maxLength: 12 }).map((frames) => Buffer.concat(frames)),
  }),
);
const anyCuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 15 });
const settings = { maxMessageBytes: 600, maxFragments: 5 };

function sortedCuts(cuts: readonly number[], length: number): number[] {
  return cuts.filter((cut) => cut <= length).sort((a, b) => a - b);
}

describe('however the bytes are cut', () => {
  test('the same is reported', () => {
    fc.assert(
      fc.property(anyWire, anyCuts, ({ role, wire }, cuts) => {
        const whole = parseOnce(role, wire, [], settings);
        expectSame(parseOnce(role, wire, sortedCuts(cuts, wire.length), settings), whole);
      }),
      { numRuns: 1000 },
    );
  });

  test('the parser is left in the same state', () => {
    const probes = [
      { opcode: 0, payload: '' },
      { opcode: 1, payload: 'é' },
      { opcode: 9, payload: 'probe' },
    ];
    fc.assert(
      fc.property(anyWire, anyCuts, fc.nat({ max: 2000 }), ({ role, wire }, cuts, end) => {
        const part = wire.subarray(0, end);
        for (const probe of probes) {
          const next = frame({ ...probe, mask: role === 'server' ? '8badf00d' : undefined });
          const bytes = Buffer.concat([part, next]);
          const inPieces = [...sortedCuts(cuts, part.length), part.length];
          expectSame(parseOnce(role, bytes, inPieces, settings), parseOnce(role, bytes, [part.length], settings));
        }
      }),
    );
  });

  test('the sizes on the wire add up to the bytes that were taken', () => {
    fc.assert(
      fc.property(
        anyRole,
        fc.array(
          fc.record({ opcode: fc.constantFrom(1, 2, 9, 10), length: fc.nat({ max: 1000 }), parts: fc.nat({ max: 4 }) }),
        ),
        anyCuts,
        (role, specs, cuts) => {
          const mask = role === 'server' ? '01c2a3f4' : undefined;
          const frames = specs.flatMap(({ opcode, length, parts }) => {
            if (opcode > 2) return [frame({ opcode, payload: Buffer.alloc(length % 126), mask })];
            const more = Array.from({ length: parts }, (_, i) =>
              frame({ opcode: 0, fin: i === parts - 1, payload: Buffer.alloc(length % 77, 0x61), mask }),
            );
            return [frame({ opcode, fin: parts === 0, payload: Buffer.alloc(length, 0x61), mask }), ...more];
          });
          const wire = Buffer.concat(frames);
          const events = parseOnce(role, wire, sortedCuts(cuts, wire.length));
          const sizes = events.map((event) => (event[0] === 'text' || event[0] === 'binary' ? event[2] : 0));
          const control = events.map((event) => (event[0] === 'ping' || event[0] === 'pong' ? event[2] : 0));
          expect([...sizes, ...control].reduce((sum, size) => sum + size, 0)).toBe(wire.length);
        },
      ),
    );
  });
});

describe('however a message is fragmented', () => {
  test('it is the same message', () => {
    const anyPayload = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => ({ opcode: 1, payload: Buffer.from(text) })),
      fc.uint8Array({ maxLength: 600 }).map((bytes) => ({ opcode: 2, payload: Buffer.from(bytes) })),
    );
    fc.assert(
      fc.property(
        anyPayload,
        fc.array(fc.nat({ max: 600 }), { maxLength: 8 }),
        anyCuts,
        anyMask,
        (message, at, cuts, mask) => {
          const { opcode, payload } = message;
          const ends = [...sortedCuts(at, payload.length), payload.length];
          const frames = ends.flatMap((end, i) => [
            frame({
              opcode: i === 0 ? opcode : 0,
              fin: i === ends.length - 1,
              payload: payload.subarray(ends[i - 1] ?? 0, end),
              mask,
            }),
            ...(i === ends.length - 1 ? [] : [frame({ opcode: 9, payload: `${i}`, mask: '00ff8001' })]),
          ]);
          const wire = Buffer.concat(frames);
          const events = parseOnce('server', wire, sortedCuts(cuts, wire.length));
          const written = opcode === 1 ? writtenText(payload.toString()) : writtenBytes(payload);
          const last: FrameEvent = [opcode === 1 ? 'text' : 'binary', written, wire.length - 7 * (ends.length - 1)];
          expect(events.at(-1)).toEqual(last);
          expect(events.filter((event) => event[0] === 'ping')).toHaveLength(ends.length - 1);
        },
      ),
    );
  });
});

describe('arbitrary bytes', () => {
  const known = new Map(Object.values(Violations).map((violation) => [violation.code, violation]));

  function check(role: Role, bytes: Buffer, cuts: readonly number[]): FrameEvent[] {
    const budget = new TestBudget();
    const [parser, handler] = createParser(role, { ...settings, budget });
    feed(parser, bytes, cuts);
    const { events } = handler;
    for (const [i, event] of events.entries()) {
      if (event[0] === 'violation') {
        expect(known.has(event[1]) || ['invalidCloseCode', 'controlTooLong'].includes(event[1])).toBe(true);
        expect([1002, 1007, 1008, 1009]).toContain(event[2]);
        expect(event[3]).not.toBe('');
      }
      if (event[0] === 'violation' || event[0] === 'close') expect(i, 'it is the last').toBe(events.length - 1);
    }
    parser.discard();
    expect(budget.taken).toBe(0);
    return events;
  }

  test('never throw, and end in one of our violations or none', () => {
    fc.assert(
      fc.property(anyRole, fc.uint8Array({ maxLength: 300 }), anyCuts, (role, bytes, cuts) => {
        const wire = Buffer.from(bytes);
        const events = check(role, wire, sortedCuts(cuts, wire.length));
        expect(check(role, wire, [])).toEqual(events);
      }),
      { numRuns: 2000 },
    );
  });

  test('behind valid frames, or in place of some of their bytes, are no different', () => {
    const anyChange = fc.record({ at: fc.nat({ max: 2000 }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(anyWire, fc.array(anyChange, { maxLength: 4 }), anyCuts, ({ role, wire }, changes, cuts) => {
        const bytes = Buffer.from(wire);
        for (const { at, byte } of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
        const events = check(role, bytes, sortedCuts(cuts, bytes.length));
        expect(check(role, bytes, [])).toEqual(events);
      }),
      { numRuns: 1000 },
    );
  });
});
