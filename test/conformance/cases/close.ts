import {
  binary,
  type Chop,
  type ConformanceCase,
  close,
  fails,
  goesOn,
  gotPong,
  gotText,
  last,
  more,
  ping,
  pong,
  type Step,
  stillAlive,
  text,
  vanishes,
} from '../case.ts';
import { type Frame, Op } from '../frames.ts';
import { hex, type Payload } from '../payloads.ts';
import { invalidSequences } from '../utf8-table.ts';

const CLOSE = 'RFC 6455 5.5.1';
const CODES = 'RFC 6455 7.4';
const nameOf = (chop: Chop | undefined): string => (chop === undefined ? 'whole' : `pieces-of-${chop}`);

/** RFC 6455 section 7.4.1, the IANA registry, and the ranges of section 7.4.2. */
const VALID_CODES = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4998, 4999,
];
const INVALID_CODES = [
  0, 1, 2, 255, 256, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2001, 2500, 2999, 5000, 5001,
  9999, 16_384, 32_768, 65_534, 65_535,
];

function* codes(): Generator<ConformanceCase> {
  for (const code of VALID_CODES) {
    for (const reason of ['', 'because']) {
      yield {
        id: `close/code/${code}${reason === '' ? '' : '/with-reason'}`,
        section: CODES,
        rule: 'a close frame with a code that may be sent is answered with it',
        steps: [...stillAlive(), { send: [close(code, reason)] }],
        end: { kind: 'answersClose', code, reason },
      };
    }
  }
  for (const code of INVALID_CODES) {
    for (const reason of ['', 'because']) {
      yield {
        id: `close/code/${code}${reason === '' ? '' : '/with-reason'}`,
        section: CODES,
        rule: 'a close frame with a code that must not be sent breaks the protocol',
        steps: [...stillAlive(), { send: [close(code, reason)] }],
        end: fails(1002),
      };
    }
  }
}

function* lengths(): Generator<ConformanceCase> {
  for (const chop of [undefined, 1] as const) {
    yield {
      id: `close/length/0/${nameOf(chop)}`,
      section: CLOSE,
      rule: 'a close frame without code is answered with one',
      steps: [{ send: [close()], chop }],
      end: { kind: 'answersClose' },
    };
    for (const digits of ['00', '03', 'ff']) {
      yield {
        id: `close/length/1/${digits}/${nameOf(chop)}`,
        section: CLOSE,
        rule: 'a close payload of one octet breaks the protocol',
        steps: [{ send: [{ op: Op.Close, payload: hex(digits) }], chop }],
        end: fails(1002),
      };
    }
    for (const bytes of [0, 1, 2, 3, 50, 61, 121, 122, 123]) {
      const reason = 'r'.repeat(bytes);
      yield {
        id: `close/length/${bytes + 2}/${nameOf(chop)}`,
        section: CLOSE,
        rule: 'a reason of up to 123 octets comes back',
        steps: [{ send: [close(1000, reason)], chop }],
        end: { kind: 'answersClose', code: 1000, reason },
      };
    }
    for (const bytes of [124, 125, 126, 1000, 65_534]) {
      yield {
        id: `close/length/${bytes + 2}/${nameOf(chop)}`,
        section: 'RFC 6455 5.5',
        rule: 'a close frame of more than 125 octets breaks the protocol',
        steps: [{ send: [close(1000, 'r'.repeat(bytes))], chop: chop === undefined ? undefined : 'header' }],
        end: fails(1002),
      };
    }
  }
  yield {
    id: 'close/fragmented',
    section: 'RFC 6455 5.5',
    rule: 'a close frame must not be fragmented',
    steps: [{ send: [close(1000, 'part', { fin: false }), last('rest')] }],
    end: fails(1002),
  };
}

function* reasons(): Generator<ConformanceCase> {
  for (const reason of [
    'Grüße',
    '水',
    '🎉🎉',
    '\u{0}',
    '\u{feff}mark',
    '\u{10ffff}',
    '\u{fffe}\u{ffff}',
    'aß水🎉'.repeat(12),
  ]) {
    for (const chop of [undefined, 1] as const) {
      const name = Array.from(reason)
        .slice(0, 2)
        .map((one) => `u+${(one.codePointAt(0) ?? 0).toString(16)}`);
      yield {
        id: `close/reason/valid/${name.join('-')}/${nameOf(chop)}`,
        section: CLOSE,
        rule: 'any reason in UTF-8 comes back',
        steps: [{ send: [close(3000, reason)], chop }],
        end: { kind: 'answersClose', code: 3000, reason },
      };
    }
  }
  for (const { name, bytes } of invalidSequences) {
    const reason: Payload = Buffer.concat([Buffer.from('reason '), bytes]);
    yield {
      id: `close/reason/invalid/${name}`,
      section: CLOSE,
      rule: 'a reason that is not UTF-8 fails the connection',
      steps: [{ send: [close(1000, reason)] }],
      end: fails(1007),
    };
  }
}

function* sequences(): Generator<ConformanceCase> {
  const answered: readonly [string, readonly Frame[], Step[]][] = [
    ['data-behind', [close(1000), text('never seen'), binary('never seen')], []],
    ['ping-behind', [close(1000), ping('never answered')], []],
    ['pong-behind', [close(1000), pong('ignored')], []],
    ['close-behind', [close(1000), close(1000)], []],
    ['other-close-behind', [close(1000), close(1001, 'again')], []],
    ['garbage-behind', [close(1000), { op: 7, rsv: 7, payload: 'garbage' }, { op: 15, fin: false }], []],
    ['bad-close-behind', [close(1000), close(999), close(1000, hex('ff'))], []],
    ['data-before', [text('seen'), close(1000)], [{ receive: [gotText('seen')] }]],
    ['ping-before', [ping('answered'), close(1000)], [{ receive: [gotPong('answered')] }]],
    ['inside-a-message', [text('frag', { fin: false }), close(1000)], []],
    ['inside-a-message-and-behind', [text('frag', { fin: false }), close(1000), last('never seen')], []],
    ['inside-a-long-chain', [binary('a', { fin: false }), more('b'), more('c'), close(1000), more('d')], []],
  ];
  for (const [name, frames, receive] of answered) {
    for (const chop of [undefined, 1, 3] as const) {
      yield {
        id: `close/sequence/${name}/${nameOf(chop)}`,
        section: CLOSE,
        rule: 'what came before a close frame is answered, and nothing that comes behind it',
        steps: [{ send: frames, chop }, ...receive],
        end: { kind: 'answersClose', code: 1000 },
      };
    }
  }
  const large: Payload = { pattern: 'ascii', bytes: 256 * 1024 };
  yield {
    id: 'close/sequence/large-message-before',
    section: CLOSE,
    rule: 'the echo of a large message is not lost when a close frame follows at once',
    steps: [{ send: [text(large), close(1000)] }, { receive: [gotText(large)] }],
    end: { kind: 'answersClose', code: 1000 },
  };
  yield {
    id: 'close/sequence/nothing-before',
    section: CLOSE,
    rule: 'a connection may be closed before anything was said',
    steps: [],
    end: goesOn,
  };
}

/** TCP ends without a closing handshake: 1006 for the application, and nothing on the wire. */
function* withoutFrame(): Generator<ConformanceCase> {
  const before: readonly [string, Step[]][] = [
    ['at-once', []],
    ['after-a-message', [{ send: [text('seen')] }, { receive: [gotText('seen')] }]],
    ['inside-a-message', [{ send: [text('frag', { fin: false })] }, ...stillAlive()]],
    ['inside-a-frame', [...stillAlive(), { send: [text('cut off')], omit: 3 }]],
    ['inside-a-header', [...stillAlive(), { send: [binary({ pattern: 'zeros', bytes: 300 })], omit: 301 }]],
  ];
  for (const [name, steps] of before) {
    for (const how of ['end', 'reset'] as const) {
      yield {
        id: `close/tcp-${how}/${name}`,
        section: 'RFC 6455 7.1.5',
        rule: 'TCP that ends without a close frame ends the connection, and the application is told 1006',
        steps: [...steps, { tcp: how }],
        end: vanishes,
      };
    }
  }
}

export const closeCases: readonly ConformanceCase[] = [
  ...codes(),
  ...lengths(),
  ...reasons(),
  ...sequences(),
  ...withoutFrame(),
];
