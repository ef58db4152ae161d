import {
  binary,
  type Chop,
  type ConformanceCase,
  fails,
  goesOn,
  gotBinary,
  gotPong,
  gotText,
  ping,
  pong,
  stillAlive,
  text,
} from '../case.ts';
import { hex, type Payload } from '../payloads.ts';

const PING = 'RFC 6455 5.5.2';
const PONG = 'RFC 6455 5.5.3';
const CONTROL = 'RFC 6455 5.5';

const payloads: readonly [string, Payload][] = [
  ['empty', ''],
  ['text', 'Hello, is anybody there?'],
  ['bytes', hex('00 ff fe fd fc fb 00 ff')],
  ['124', { pattern: 'random', bytes: 124 }],
  ['125', { pattern: 'random', bytes: 125 }],
];

function* answered(): Generator<ConformanceCase> {
  for (const [name, payload] of payloads) {
    for (const chop of [undefined, 1, 2, 3, 7] as const) {
      yield {
        id: `pings/answered/${name}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: PING,
        rule: 'a ping is answered by a pong with its payload',
        steps: [{ send: [ping(payload)], chop }, { receive: [gotPong(payload)] }],
        end: goesOn,
      };
    }
  }
  const all = Array.from({ length: 126 }, (_, bytes): Payload => ({ pattern: 'random', bytes }));
  yield {
    id: 'pings/answered/every-length',
    section: CONTROL,
    rule: 'pings of 0 to 125 octets are answered',
    steps: all.flatMap((payload) => [{ send: [ping(payload)] }, { receive: [gotPong(payload)] }]),
    end: goesOn,
  };
  const ten = Array.from({ length: 10 }, (_, i) => `ping ${i}`);
  for (const chop of [undefined, 1, 2, 5] as const) {
    yield {
      id: `pings/ten/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
      section: PONG,
      rule: 'ten pings in a row are answered in order',
      steps: [{ send: ten.map((payload) => ping(payload)), chop }, { receive: ten.map(gotPong) }],
      end: goesOn,
    };
  }
  for (const chop of [undefined, 1] as const) {
    yield {
      id: `pings/between-messages/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
      section: PONG,
      rule: 'pings between messages are answered in their place',
      steps: [
        { send: [text('one'), ping('1'), binary('two'), ping('2'), text('three')], chop },
        { receive: [gotText('one'), gotPong('1'), gotBinary('two'), gotPong('2'), gotText('three')] },
      ],
      end: goesOn,
    };
  }
}

function* refused(): Generator<ConformanceCase> {
  for (const [name, make] of [
    ['ping', ping],
    ['pong', pong],
  ] as const) {
    for (const bytes of [126, 127, 128, 1000, 65_535, 65_536]) {
      const chops: (Chop | undefined)[] = bytes === 126 ? [undefined, 1, 3] : [undefined, 'header'];
      for (const chop of chops) {
        yield {
          id: `pings/too-long/${name}/${bytes}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
          section: CONTROL,
          rule: 'a control frame of more than 125 octets breaks the protocol',
          steps: [...stillAlive(), { send: [make({ pattern: 'random', bytes })], chop }],
          end: fails(1002),
        };
      }
    }
    for (const payload of ['', 'part']) {
      yield {
        id: `pings/fragmented/${name}/${payload.length}`,
        section: CONTROL,
        rule: 'a control frame must not be fragmented',
        steps: [{ send: [make(payload, { fin: false })] }],
        end: fails(1002),
      };
    }
  }
}

function* unsolicited(): Generator<ConformanceCase> {
  for (const [name, payload] of payloads) {
    for (const chop of [undefined, 1] as const) {
      yield {
        id: `pings/unsolicited-pong/${name}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: PONG,
        rule: 'a pong that nobody asked for is not answered',
        steps: [{ send: [pong(payload)], chop }, ...stillAlive()],
        end: goesOn,
      };
    }
  }
  yield {
    id: 'pings/unsolicited-pong/many',
    section: PONG,
    rule: 'pongs that nobody asked for are not answered, pings after them are',
    steps: [
      { send: [pong('a'), pong('b'), ping('c'), pong('c'), text('d'), pong('d')] },
      { receive: [gotPong('c'), gotText('d')] },
    ],
    end: goesOn,
  };
}

export const pingCases: readonly ConformanceCase[] = [...answered(), ...refused(), ...unsolicited()];
