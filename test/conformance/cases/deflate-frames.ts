import zlib from 'node:zlib';
import { BitWriter, fixedLiteral } from '../bits.ts';
import {
  type ConformanceCase,
  close,
  type End,
  fails,
  goesOn,
  gotBinary,
  gotPong,
  gotText,
  last,
  more,
  type Opening,
  ping,
  pong,
  type Step,
  stillAlive,
  text,
} from '../case.ts';
import { type Frame, Op, Rsv } from '../frames.ts';
import { hex } from '../payloads.ts';
import type { Setup } from '../subjects.ts';
import { invalidSequences } from '../utf8-table.ts';

/** Neither side refers to earlier messages. */
const withoutTakeover: Opening = {
  offer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  answer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
  outcome: 'agreed',
};

const rsv1 = { rsv: Rsv.One } as const;
const HELLO = hex('f2 48 cd c9 c9 07 00');
const again: readonly Step[] = [{ send: [text(HELLO, rsv1)] }, { receive: [gotText('Hello')] }];

interface Script {
  readonly name: string;
  readonly section: string;
  readonly rule: string;
  readonly steps: readonly Step[];
  readonly end: End;
  readonly isHeavy?: boolean;
}

/** Compressed as one stream that ends, and the octet behind it that section 7.2.3.4 wants. */
function finished(plain: string | Buffer): Buffer {
  return Buffer.concat([zlib.deflateRawSync(plain), Buffer.from([0])]);
}

function deflated(plain: string | Buffer): Buffer {
  return zlib.deflateRawSync(plain, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

function* examples(): Generator<Script> {
  const samples: readonly [string, Frame[]][] = [
    ['one-block', [text(HELLO, rsv1)]],
    ['fragments', [text(hex('f2 48 cd'), { ...rsv1, fin: false }), last(hex('c9 c9 07 00'))]],
    ['stored', [text(hex('00 05 00 fa ff 48 65 6c 6c 6f 00'), rsv1)]],
    ['final-block', [text(hex('f3 48 cd c9 c9 07 00 00'), rsv1)]],
    ['two-blocks', [text(hex('f2 48 05 00 00 00 ff ff ca c9 c9 07 00'), rsv1)]],
    ['empty-fragments', [text('', { ...rsv1, fin: false }), more(''), more(HELLO), more(''), last('')]],
    ['octet-wise', [text(HELLO.subarray(0, 1), { ...rsv1, fin: false }), ...octets(HELLO.subarray(1))]],
  ];
  for (const [name, frames] of samples) {
    for (const chop of [undefined, 1] as const) {
      yield {
        name: `examples/${name}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: 'RFC 7692 7.2.3',
        rule: 'the examples of the RFC are understood',
        steps: [{ send: frames, chop }, { receive: [gotText('Hello')] }, ...again],
        end: goesOn,
      };
    }
  }
  yield {
    name: 'examples/empty',
    section: 'RFC 7692 7.2.3.6',
    rule: 'an empty message may be compressed',
    steps: [{ send: [text(hex('00'), rsv1)] }, { receive: [gotText('')] }, ...again],
    end: goesOn,
  };
  yield {
    name: 'examples/ping-between',
    section: 'RFC 7692 6.1',
    rule: 'control frames between compressed fragments are not compressed',
    steps: [
      { send: [text(hex('f2 48 cd'), { ...rsv1, fin: false }), ping('Hello'), last(hex('c9 c9 07 00'))] },
      { receive: [gotPong('Hello'), gotText('Hello')] },
    ],
    end: goesOn,
  };
}

function octets(bytes: Buffer): Frame[] {
  return Array.from(bytes, (byte, i) => more(Buffer.from([byte]), { fin: i === bytes.length - 1 }));
}

/** Blocks with BFINAL set are allowed (section 7.2.1); what follows begins anew. */
function* finalBlocks(): Generator<Script> {
  const long = Buffer.alloc(30_000, 'final blocks are legal. ');
  for (const [name, plain] of [
    ['short', Buffer.from('Hello')],
    ['long', long],
    ['empty', Buffer.alloc(0)],
  ] as const) {
    yield {
      name: `final-block/${name}`,
      section: 'RFC 7692 7.2.3.4',
      rule: 'messages that end with a final block are understood, one after the other',
      steps: [
        { send: [text(finished(plain), rsv1)] },
        { receive: [gotText(plain)] },
        { send: [text(finished(plain), rsv1), text(deflated(plain), rsv1)] },
        { receive: [gotText(plain), gotText(plain)] },
        ...again,
      ],
      end: goesOn,
    };
  }
}

const fullFlush = { finishFlush: zlib.constants.Z_FULL_FLUSH };

/** What other compressors are known to leave behind. */
function* endings(): Generator<Script> {
  const final = zlib.deflateRawSync('Hello');
  const messages: readonly [string, Buffer, string][] = [
    ['final-block-and-nothing-behind', final, 'Hello'],
    ['blocks-behind-a-final-one', Buffer.concat([final, deflated(' again')]), 'Hello again'],
    ['flush-not-cut-off', Buffer.concat([HELLO, hex('00 00 ff ff')]), 'Hello'],
    ['full-flush', zlib.deflateRawSync('Hello', fullFlush).subarray(0, -4), 'Hello'],
  ];
  for (const [name, payload, plain] of messages) {
    yield {
      name: `endings/${name}`,
      section: 'RFC 7692 7.2.2',
      rule: 'a stream of blocks is understood to its end, however it ends',
      steps: [
        { send: [text(payload, rsv1), text(payload, rsv1)] },
        { receive: [gotText(plain), gotText(plain)] },
        ...again,
      ],
      end: goesOn,
    };
  }
}

/** Uncompressed messages in between, and bits where they must not be. */
function* reservedBits(): Generator<Script> {
  yield {
    name: 'bits/uncompressed-between',
    section: 'RFC 7692 6',
    rule: 'any message may be sent without compression',
    steps: [
      { send: [text(HELLO, rsv1), text('plain'), text(HELLO, rsv1), text('pla', { fin: false }), last('in')] },
      { receive: [gotText('Hello'), gotText('plain'), gotText('Hello'), gotText('plain')] },
      {
        send: [
          { op: Op.Binary, payload: HELLO },
          { op: Op.Binary, payload: HELLO, ...rsv1 },
        ],
      },
      { receive: [gotBinary(HELLO), gotBinary('Hello')] },
    ],
    end: goesOn,
  };
  const wrong: readonly [string, Frame[]][] = [
    ['rsv1-on-continuation', [text(HELLO.subarray(0, 3), { ...rsv1, fin: false }), last(HELLO.subarray(3), rsv1)]],
    ['rsv1-on-plain-continuation', [text('pla', { fin: false }), last('in', rsv1)]],
    ['rsv1-on-ping', [ping(HELLO, rsv1)]],
    ['rsv1-on-pong', [pong(HELLO, rsv1)]],
    ['rsv1-on-close', [close(1000, '', rsv1)]],
    ['rsv2', [text(HELLO, { rsv: Rsv.Two })]],
    ['rsv3', [text(HELLO, { rsv: Rsv.Three })]],
    ['rsv1-and-2', [text(HELLO, { rsv: Rsv.One | Rsv.Two })]],
    ['rsv1-and-3', [text(HELLO, { rsv: Rsv.One | Rsv.Three })]],
    ['all', [text(HELLO, { rsv: 7 })]],
    ['rsv1-and-reserved-opcode', [{ op: 3, payload: HELLO, ...rsv1 }]],
  ];
  for (const [name, frames] of wrong) {
    yield {
      name: `bits/${name}`,
      section: 'RFC 7692 6.1',
      rule: 'RSV1 belongs to the first frame of a compressed message, and the other bits to nobody',
      steps: [...again, { send: frames }],
      end: fails(1002),
    };
  }
}

/** Payloads that no compressor makes. */
function* invalidData(): Generator<Script> {
  const fixed = (): BitWriter => new BitWriter().number(0, 1).number(1, 2);
  const invalid: readonly [string, Buffer][] = [
    ['block-type-3', hex('07')],
    ['block-type-3-behind-text', Buffer.concat([HELLO, hex('00 00 ff ff 06')])],
    ['stored-length', hex('00 05 00 00 00 48 65 6c 6c 6f 00')],
    ['reference-before-the-start', fixed().code(1, 7).code(0, 5).code(0, 7).align().toBuffer()],
    ['reference-too-far', fixedLiteral(fixed(), 'a').code(1, 7).code(4, 5).number(0, 1).code(0, 7).align().toBuffer()],
    ['length-code-286', fixedLiteral(fixed(), 'a').code(0b1100_0110, 8).code(0, 5).align().toBuffer()],
    ['distance-code-30', fixedLiteral(fixed(), 'a').code(1, 7).code(30, 5).align().toBuffer()],
    ['code-lengths-oversubscribed', hex('04 00 fe ff ff ff ff ff ff ff ff ff ff')],
    ['random', hex('ff ee dd cc bb aa 99 88 77 66 55 44 33 22 11 00')],
    ['text-that-was-not-compressed', Buffer.from('this is no deflate data at all')],
  ];
  for (const [name, payload] of invalid) {
    for (const how of ['whole', 'fragments'] as const) {
      const frames =
        how === 'whole'
          ? [text(payload, rsv1)]
          : [text(payload.subarray(0, 1), { ...rsv1, fin: false }), last(payload.subarray(1))];
      yield {
        name: `invalid-data/${name}/${how}`,
        section: 'RFC 7692 7.2.2',
        rule: 'data that cannot be inflated fails the connection',
        steps: [...again, { send: [...frames, ping('never answered')] }],
        end: fails(1007),
      };
    }
  }
  const twice = 'context takeover is off, so that nothing may be referred to';
  yield {
    name: 'invalid-data/reference-to-the-message-before',
    section: 'RFC 7692 7.1.1',
    rule: 'without context takeover a message must not refer to an earlier one',
    steps: [
      { send: [text(deflated(twice), rsv1)] },
      { receive: [gotText(twice)] },
      { send: [text(zlib.deflateRawSync(twice, withDictionary(twice)).subarray(0, -4), rsv1)] },
    ],
    end: fails(1007),
  };
  for (const { name, bytes } of invalidSequences.slice(0, 30)) {
    const plain = Buffer.concat([Buffer.from('aß水🎉'), bytes]);
    const payload = deflated(plain);
    yield {
      name: `invalid-utf8/${name}`,
      section: 'RFC 6455 8.1',
      rule: 'text that is not UTF-8 once it is inflated fails the connection, while binary data is not looked into',
      steps: [
        { send: [{ op: Op.Binary, payload, ...rsv1 }] },
        { receive: [gotBinary(plain)] },
        { send: [text(payload, rsv1)] },
      ],
      end: fails(1007),
    };
  }
}

function withDictionary(dictionary: string): zlib.ZlibOptions {
  return { finishFlush: zlib.constants.Z_SYNC_FLUSH, dictionary: Buffer.from(dictionary) };
}

const LIMIT_BYTES = 16 * 1024 * 1024;
const atTheLimit = deflated(Buffer.alloc(LIMIT_BYTES));
const bomb = deflated(Buffer.alloc(LIMIT_BYTES + 1));

/** The limit of 16 MiB holds for what comes out. */
function* bombs(): Generator<Script> {
  yield {
    name: 'bombs/one-octet-too-many',
    section: 'RFC 6455 7.4.1',
    rule: 'a message that is too big once it is inflated fails the connection',
    steps: [...stillAlive(), { send: [{ op: Op.Binary, payload: bomb, ...rsv1 }] }],
    end: fails(1009),
  };
  yield {
    name: 'bombs/text-in-fragments',
    section: 'RFC 6455 7.4.1',
    rule: 'a message that is too big once it is inflated fails the connection',
    steps: [{ send: [text(bomb.subarray(0, 100), { ...rsv1, fin: false }), ...halves(bomb.subarray(100))] }],
    end: fails(1009),
  };
  yield {
    name: 'bombs/at-the-limit',
    section: 'RFC 7692 7.2.2',
    rule: 'a message of the limit comes back',
    steps: [
      { send: [{ op: Op.Binary, payload: atTheLimit, ...rsv1 }] },
      { receive: [gotBinary({ pattern: 'zeros', bytes: LIMIT_BYTES })] },
    ],
    end: goesOn,
    isHeavy: true,
  };
}

function halves(bytes: Buffer): Frame[] {
  return [more(bytes.subarray(0, bytes.length >> 1)), last(bytes.subarray(bytes.length >> 1))];
}

/** The example of section 7.2.3.2: the second message refers to the first. */
function takeoverCases(setup: Setup): ConformanceCase[] {
  const opening: Opening = { offer: 'permessage-deflate', answer: 'permessage-deflate', outcome: 'agreed' };
  return [
    {
      id: `${setup}/frames/examples/takeover`,
      section: 'RFC 7692 7.2.3.2',
      rule: 'with context takeover a message may refer to an earlier one, across plain messages and pings',
      // By default our server asks clients not to; and a client that offers no takeover gets none.
      roles: setup === 'defaults' ? ['client'] : ['server'],
      opening,
      steps: [
        ...again,
        { send: [text(hex('f2 00 11 00 00'), rsv1)] },
        { receive: [gotText('Hello')] },
        { send: [text('plain'), ping('still there?'), text(hex('f2 00 11 00 00'), rsv1)] },
        { receive: [gotText('plain'), gotPong('still there?'), gotText('Hello')] },
      ],
      end: goesOn,
    },
  ];
}

/** Compressed messages, frame by frame. */
export function deflateFrameCases(setup: Setup): ConformanceCase[] {
  const scripts = [...examples(), ...finalBlocks(), ...endings(), ...reservedBits(), ...invalidData(), ...bombs()];
  const opening = setup === 'defaults' ? withoutTakeover : withoutTakeoverInWindow;
  return [
    ...scripts.map(({ name, ...script }): ConformanceCase => ({ ...script, id: `${setup}/frames/${name}`, opening })),
    ...takeoverCases(setup),
  ];
}

/** The same for a client that limits the window of the server, which the answer has to repeat. */
const withoutTakeoverInWindow: Opening = {
  ...withoutTakeover,
  answer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12',
};
