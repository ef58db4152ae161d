import {
  binary,
  type Chop,
  type ConformanceCase,
  fails,
  goesOn,
  gotBinary,
  gotText,
  ping,
  stillAlive,
  text,
} from '../case.ts';
import type { Frame } from '../frames.ts';
import type { Payload } from '../payloads.ts';

/** Around every edge of the three forms of the length. */
const SIZES = [0, 1, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537];
const SHORT_CHOPS: readonly Chop[] = [1, 2, 3, 4, 5, 7, 8, 13, 61, 'header'];
const LONG_CHOPS: readonly Chop[] = [997, 1000, 4096, 16_384, 65_535, 'header'];

const kinds = [
  { name: 'text', make: text, got: gotText, pattern: 'ascii' },
  { name: 'binary', make: binary, got: gotBinary, pattern: 'random' },
] as const;

function* sizes(): Generator<ConformanceCase> {
  for (const { name, make, got, pattern } of kinds) {
    for (const bytes of SIZES) {
      const payload: Payload = { pattern, bytes };
      const common = { section: 'RFC 6455 5.2', end: goesOn };
      const rule = `a ${name} message of ${bytes} bytes comes back`;
      const receive = [got(payload)];
      yield {
        ...common,
        id: `framing/${name}/${bytes}`,
        rule,
        steps: [{ send: [make(payload)] }, { receive }],
      };
      for (const chop of bytes < 1000 ? SHORT_CHOPS : LONG_CHOPS) {
        yield {
          ...common,
          id: `framing/${name}/${bytes}/pieces-of-${chop}`,
          rule: `${rule} when it arrives in pieces`,
          steps: [{ send: [make(payload)], chop }, { receive }],
        };
      }
    }
  }
}

/** Several frames in a write, and writes that end anywhere. */
function* batches(): Generator<ConformanceCase> {
  const payloads: Payload[] = [
    'first',
    '',
    { pattern: 'ascii', bytes: 125 },
    { pattern: 'utf8', bytes: 126 },
    { pattern: 'ascii', bytes: 300 },
    'last',
  ];
  const send = payloads.map((payload) => text(payload));
  const receive = payloads.map(gotText);
  for (const chop of [undefined, 1, 2, 3, 5, 11, 127, 129]) {
    yield {
      id: `framing/batch/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
      section: 'RFC 6455 5.2',
      rule: 'messages in one write come back one by one, in order',
      steps: [{ send, chop }, { receive }],
      end: goesOn,
    };
  }
  const many = Array.from({ length: 100 }, (_, i) => `message ${i}`);
  yield {
    id: 'framing/batch/hundred',
    section: 'RFC 6455 5.1',
    rule: 'a hundred messages in one write come back, each with a mask of its own when a client sends it',
    steps: [{ send: many.map((payload) => text(payload)) }, { receive: many.map(gotText) }],
    end: goesOn,
  };
  yield {
    id: 'framing/batch/with-response',
    section: 'RFC 6455 4.1',
    rule: 'frames that arrive together with the response of the opening handshake are read',
    roles: ['client'],
    opening: { outcome: 'declined', framesWithResponse: [text('early'), text({ pattern: 'ascii', bytes: 700 })] },
    steps: [{ receive: [gotText('early'), gotText({ pattern: 'ascii', bytes: 700 })] }],
    end: goesOn,
  };
}

function* masks(): Generator<ConformanceCase> {
  const payload: Payload = { pattern: 'utf8', bytes: 61 };
  for (const key of [0x0000_0000, 0xffff_ffff, 0x0000_00ff, 0xff00_0000, 0x80a0_c0e0, 0x3732_3130]) {
    for (const chop of [undefined, 1, 3] as const) {
      yield {
        id: `framing/mask/${key.toString(16).padStart(8, '0')}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: 'RFC 6455 5.3',
        rule: 'any masking key is undone',
        roles: ['server'],
        steps: [{ send: [text(payload, { key })], chop }, { receive: [gotText(payload)] }],
        end: goesOn,
      };
    }
  }
  const wrong: readonly [string, Frame][] = [
    ['text', text('wrong', { wrongMask: true })],
    ['binary', binary('wrong', { wrongMask: true })],
    ['empty', text('', { wrongMask: true })],
    ['long', binary({ pattern: 'random', bytes: 70_000 }, { wrongMask: true })],
    ['ping', ping('wrong', { wrongMask: true })],
    ['first-fragment', text('wrong', { wrongMask: true, fin: false })],
  ];
  for (const [name, frame] of wrong) {
    yield {
      id: `framing/mask/wrong/${name}`,
      section: 'RFC 6455 5.1',
      rule: 'a client that does not mask, and a server that does, break the protocol',
      steps: [{ send: [text('right'), frame] }, { receive: [gotText('right')] }],
      end: fails(1002),
    };
  }
}

/** Lengths that are written in a longer form than needed, or cannot be. */
function* lengths(): Generator<ConformanceCase> {
  const longer: readonly [number, 16 | 64][] = [
    [0, 16],
    [1, 16],
    [125, 16],
    [0, 64],
    [125, 64],
    [126, 64],
    [65_535, 64],
  ];
  for (const [bytes, lengthForm] of longer) {
    for (const chop of [undefined, 'header'] as const) {
      yield {
        id: `framing/length/${bytes}-in-${lengthForm}-bits${chop === undefined ? '' : '/pieces'}`,
        section: 'RFC 6455 5.2',
        rule: 'the length takes the fewest octets there are',
        steps: [...stillAlive(), { send: [binary({ pattern: 'random', bytes }, { lengthForm })], chop }],
        end: fails(1002),
      };
    }
  }
  const declared: readonly [string, bigint, number][] = [
    ['highest-bit', 0x8000_0000_0000_0000n, 1002],
    ['all-bits', 0xffff_ffff_ffff_ffffn, 1002],
    ['2^63-1', 0x7fff_ffff_ffff_ffffn, 1009],
    ['2^53', 0x20_0000_0000_0000n, 1009],
    ['2^32', 0x1_0000_0000n, 1009],
    ['limit-and-one', 16n * 1024n * 1024n + 1n, 1009],
  ];
  for (const [name, declare, code] of declared) {
    for (const frame of [text('', { declare }), binary('', { declare })]) {
      yield {
        id: `framing/length/${name}/${frame.op === 1 ? 'text' : 'binary'}`,
        section: code === 1002 ? 'RFC 6455 5.2' : 'RFC 6455 7.4.1',
        rule: 'a length that is not allowed, or above the limit, is refused before a byte of payload arrives',
        steps: [{ send: [text('before'), frame] }, { receive: [gotText('before')] }],
        end: fails(code),
      };
    }
  }
}

export const framingCases: readonly ConformanceCase[] = [...sizes(), ...batches(), ...masks(), ...lengths()];
