import {
  binary,
  type ConformanceCase,
  fails,
  goesOn,
  gotBinary,
  gotPong,
  gotText,
  last,
  more,
  ping,
  pong,
  type Step,
  stillAlive,
  text,
} from '../case.ts';
import type { Frame } from '../frames.ts';

const SECTION = 'RFC 6455 5.4';
const CHOPS = [undefined, 1, 2, 3, 'header'] as const;
const nameOf = (chop: number | 'header' | undefined): string => (chop === undefined ? 'whole' : `pieces-of-${chop}`);

/** A message in `count` fragments of `size` octets. */
function chain(first: 'text' | 'binary', count: number, size: number, between: readonly Frame[] = []): Frame[] {
  const part = 'abcdefghijklmnopqrstuvwxyz'.slice(0, size);
  const make = first === 'text' ? text : binary;
  const frames: Frame[] = [make(part, { fin: false })];
  for (let i = 2; i < count; i++) frames.push(...between, more(part));
  frames.push(...between, last(part));
  return frames;
}

function* joined(): Generator<ConformanceCase> {
  const messages: readonly [string, readonly Frame[], Step][] = [
    ['two', [text('frag', { fin: false }), last('ment')], { receive: [gotText('fragment')] }],
    ['empty-first', [text('', { fin: false }), last('fragment')], { receive: [gotText('fragment')] }],
    ['empty-last', [text('fragment', { fin: false }), last('')], { receive: [gotText('fragment')] }],
    ['all-empty', [text('', { fin: false }), more(''), more(''), last('')], { receive: [gotText('')] }],
    [
      'empty-between',
      [binary('frag', { fin: false }), more(''), more(''), last('ment')],
      { receive: [gotBinary('fragment')] },
    ],
    ['ten', chain('text', 10, 3), { receive: [gotText('abc'.repeat(10))] }],
    ['hundred', chain('binary', 100, 1), { receive: [gotBinary('a'.repeat(100))] }],
    [
      'mixed-lengths',
      [
        binary({ pattern: 'zeros', bytes: 125 }, { fin: false }),
        more({ pattern: 'zeros', bytes: 126 }),
        more({ pattern: 'zeros', bytes: 1 }),
        last({ pattern: 'zeros', bytes: 300 }),
      ],
      { receive: [gotBinary({ pattern: 'zeros', bytes: 552 })] },
    ],
    [
      'one-after-another',
      [text('1', { fin: false }), last('2'), binary('3', { fin: false }), last('4'), text('5')],
      { receive: [gotText('12'), gotBinary('34'), gotText('5')] },
    ],
  ];
  for (const [name, send, receive] of messages) {
    for (const chop of CHOPS) {
      yield {
        id: `fragmentation/joined/${name}/${nameOf(chop)}`,
        section: SECTION,
        rule: 'the fragments of a message are joined',
        steps: [{ send, chop }, receive],
        end: goesOn,
      };
    }
  }
  yield {
    id: 'fragmentation/joined/thousand',
    section: SECTION,
    rule: 'a chain of a thousand fragments is joined',
    steps: [{ send: chain('text', 1000, 2) }, { receive: [gotText('ab'.repeat(1000))] }],
    end: goesOn,
  };
}

function* controlBetween(): Generator<ConformanceCase> {
  const messages: readonly [string, readonly Frame[], Step][] = [
    [
      'ping',
      [text('frag', { fin: false }), ping('in between'), last('ment')],
      { receive: [gotPong('in between'), gotText('fragment')] },
    ],
    ['pong', [text('frag', { fin: false }), pong('in between'), last('ment')], { receive: [gotText('fragment')] }],
    [
      'long-ping',
      [binary('frag', { fin: false }), ping({ pattern: 'random', bytes: 125 }), last('ment')],
      { receive: [gotPong({ pattern: 'random', bytes: 125 }), gotBinary('fragment')] },
    ],
    [
      'pings-between-all',
      chain('text', 5, 5, [ping('in between')]),
      { receive: [...Array.from({ length: 4 }, () => gotPong('in between')), gotText('abcde'.repeat(5))] },
    ],
    [
      'pings-and-pongs',
      chain('binary', 4, 7, [pong('x'), ping(''), ping('y')]),
      {
        receive: [
          ...Array.from({ length: 3 }, () => [gotPong(''), gotPong('y')]).flat(),
          gotBinary('abcdefg'.repeat(4)),
        ],
      },
    ],
  ];
  for (const [name, send, receive] of messages) {
    for (const chop of CHOPS) {
      yield {
        id: `fragmentation/control-between/${name}/${nameOf(chop)}`,
        section: SECTION,
        rule: 'control frames between fragments are answered at once, and the message is whole',
        steps: [{ send, chop }, receive],
        end: goesOn,
      };
    }
  }
  for (const chop of [undefined, 1] as const) {
    yield {
      id: `fragmentation/control-between/answered-before-the-end/${nameOf(chop)}`,
      section: SECTION,
      rule: 'a ping inside of a message is answered before the message is complete',
      steps: [
        { send: [text('frag', { fin: false }), ping('1')], chop },
        { receive: [gotPong('1')] },
        { send: [more('ment'), ping('2')], chop },
        { receive: [gotPong('2')] },
        { send: [last('ed')], chop },
        { receive: [gotText('fragmented')] },
      ],
      end: goesOn,
    };
  }
}

function* outOfSequence(): Generator<ConformanceCase> {
  const wrong: readonly [string, readonly Frame[]][] = [
    ['continuation/final', [last('nothing begun')]],
    ['continuation/not-final', [more('nothing begun')]],
    ['continuation/empty', [last('')]],
    ['continuation/empty-not-final', [more('')]],
    ['continuation/then-data', [last('nothing begun'), text('never seen')]],
    ['continuation/never-ending', [more('a'), more('b'), text('never seen')]],
    ['data/text-in-text', [text('a', { fin: false }), text('b')]],
    ['data/binary-in-text', [text('a', { fin: false }), binary('b')]],
    ['data/text-in-binary', [binary('a', { fin: false }), text('b')]],
    ['data/binary-in-binary', [binary('a', { fin: false }), binary('b')]],
    ['data/interleaved', [text('a', { fin: false }), binary('b', { fin: false }), last('a'), last('b')]],
    ['data/begun-twice', [text('a', { fin: false }), text('b', { fin: false }), last('c')]],
    ['data/after-two-fragments', [text('a', { fin: false }), more('b'), text('c')]],
    ['data/after-empty-fragment', [text('', { fin: false }), text('c')]],
    ['data/after-a-pong', [text('a', { fin: false }), pong('x'), text('c'), ping('never answered')]],
    ['control/ping-fragment', [text('a', { fin: false }), ping('b', { fin: false }), last('c')]],
  ];
  for (const [name, frames] of wrong) {
    for (const chop of [undefined, 1, 3] as const) {
      yield {
        id: `fragmentation/out-of-sequence/${name}/${nameOf(chop)}`,
        section: SECTION,
        rule: 'frames out of sequence fail the connection',
        steps: [{ send: frames, chop }],
        end: fails(1002),
      };
      yield {
        id: `fragmentation/out-of-sequence/${name}/after-a-message/${nameOf(chop)}`,
        section: SECTION,
        rule: 'frames out of sequence fail the connection, and a message that was whole before is not lost',
        steps: [{ send: [text('who', { fin: false }), last('le'), ...frames], chop }, { receive: [gotText('whole')] }],
        end: fails(1002),
      };
    }
  }
  yield {
    id: 'fragmentation/out-of-sequence/second-continuation',
    section: SECTION,
    rule: 'after the last fragment there is nothing to continue',
    steps: [
      { send: [text('a', { fin: false }), last('b')] },
      { receive: [gotText('ab')] },
      ...stillAlive(),
      { send: [last('c')] },
    ],
    end: fails(1002),
  };
}

export const fragmentationCases: readonly ConformanceCase[] = [...joined(), ...controlBetween(), ...outOfSequence()];
