import {
  binary,
  type Chop,
  type ConformanceCase,
  fails,
  goesOn,
  gotBinary,
  gotText,
  last,
  more,
  type Step,
  stillAlive,
  text,
} from '../case.ts';
import type { Frame } from '../frames.ts';
import { invalidSequences, validSequences } from '../utf8-table.ts';

const SECTION = 'RFC 6455 8.1';
const BEFORE = Buffer.from('aß水🎉', 'utf8');
const AFTER = Buffer.from('🎉水ßa', 'utf8');

/** A text message with one octet in each frame. */
function octetWise(bytes: Buffer, isComplete = true): Frame[] {
  return Array.from(bytes, (byte, i) => {
    const payload = Buffer.from([byte]);
    const fin = isComplete && i === bytes.length - 1;
    return i === 0 ? text(payload, { fin }) : more(payload, { fin });
  });
}

/** Each frame is known to have been read before the next one is sent. */
function oneByOne(frames: readonly Frame[]): Step[] {
  return frames.flatMap((frame, i): Step[] => [{ send: [frame] }, ...stillAlive(`frame ${i}`)]);
}

function* validCases(): Generator<ConformanceCase> {
  for (const { name, bytes } of validSequences) {
    const whole = Buffer.concat([BEFORE, bytes, AFTER]);
    const common = { section: SECTION, rule: 'text in UTF-8 comes back', end: goesOn };
    const alone = [gotText(bytes)];
    yield {
      ...common,
      id: `utf8/valid/${name}/whole`,
      steps: [{ send: [text(bytes), text(whole)] }, { receive: [...alone, gotText(whole)] }],
    };
    yield {
      ...common,
      id: `utf8/valid/${name}/octet-wise`,
      steps: [{ send: [text(bytes), text(whole)], chop: 1 }, { receive: [...alone, gotText(whole)] }],
    };
    yield {
      ...common,
      id: `utf8/valid/${name}/fragments`,
      steps: [
        { send: octetWise(bytes) },
        { receive: alone },
        { send: octetWise(whole) },
        { receive: [gotText(whole)] },
      ],
    };
  }
}

function* invalidCases(): Generator<ConformanceCase> {
  for (const { name, bytes, failsAt } of invalidSequences) {
    const whole = Buffer.concat([BEFORE, bytes]);
    const common = { section: SECTION, end: fails(1007) };
    const rule = 'text that is not UTF-8 fails the connection';
    yield { ...common, rule, id: `utf8/invalid/${name}/whole`, steps: [{ send: [text(bytes)] }] };
    yield { ...common, rule, id: `utf8/invalid/${name}/behind-text`, steps: [{ send: [text(whole)] }] };
    yield { ...common, rule, id: `utf8/invalid/${name}/octet-wise`, steps: [{ send: [text(whole)], chop: 1 }] };
    yield { ...common, rule, id: `utf8/invalid/${name}/fragments`, steps: [{ send: octetWise(whole) }] };
    if (failsAt > bytes.length) continue;
    const early = 'text is refused with the octet that makes it invalid, before the message is complete';
    const certain = Buffer.concat([BEFORE, bytes.subarray(0, failsAt)]);
    const harmless = certain.subarray(0, -1);
    const culprit = certain.subarray(-1);
    // The whole frame is announced, its end is not sent.
    const announced = Buffer.concat([certain, AFTER]);
    for (const chop of [undefined, 1] as const) {
      yield {
        ...common,
        rule: early,
        id: `utf8/fail-fast/${name}/inside-a-frame${chop === undefined ? '' : '/octet-wise'}`,
        steps: [{ send: [text(announced)], omit: AFTER.length, chop }],
      };
    }
    yield {
      ...common,
      rule: early,
      id: `utf8/fail-fast/${name}/between-fragments`,
      steps: [{ send: [text(harmless, { fin: false })] }, ...stillAlive(), { send: [more(culprit)] }],
    };
  }
}

/** Where in a long message the bad octet stands, and what it stands in. */
function* failFastCases(): Generator<ConformanceCase> {
  const good = Buffer.from('κόσμε 水 🎉 ', 'utf8');
  const cutCharacters: readonly [string, string, string, string][] = [
    ['surrogate', 'ed', 'a0', '80'],
    ['too-high', 'f4', '90', '80 80'],
    ['overlong-3', 'e0', '80', 'af'],
    ['overlong-4', 'f0', '8f', 'bf bf'],
    ['not-continued', 'e6', '61', '61'],
    ['third-byte', 'e6 b0', 'c3', '61'],
    ['fourth-byte', 'f0 9f 8e', '00', '61'],
  ];
  for (const [name, prefix, culprit, rest] of cutCharacters) {
    const [start, bad, end] = [prefix, culprit, rest].map((digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex'));
    if (start === undefined || bad === undefined || end === undefined) continue;
    yield {
      id: `utf8/fail-fast/inside-a-character/${name}/fragments`,
      section: SECTION,
      rule: 'a character that is cut between fragments is judged as soon as it cannot become valid',
      steps: [...oneByOne([text(good, { fin: false }), more(Buffer.concat([good, start]))]), { send: [more(bad)] }],
      end: fails(1007),
    };
    const frame = Buffer.concat([good, start, bad, end, good]);
    for (const chop of [undefined, 1, 'header'] as const) {
      yield {
        id: `utf8/fail-fast/inside-a-character/${name}/frame/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: SECTION,
        rule: 'a character inside of a frame is judged before the frame is complete',
        steps: [...stillAlive(), { send: [text(frame)], omit: end.length + good.length, chop }],
        end: fails(1007),
      };
    }
  }
  for (const bytes of [1000, 40_000, 70_000]) {
    const long = Buffer.concat([Buffer.from('ß'.repeat(bytes / 2)), Buffer.from([0xff]), Buffer.alloc(bytes, 'a')]);
    for (const chop of [undefined, 4096, 16_384] as const) {
      yield {
        id: `utf8/fail-fast/long-frame/${bytes}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: SECTION,
        rule: 'a long frame is refused before it is complete',
        steps: [{ send: [text(long)], omit: 1, chop }],
        end: fails(1007),
      };
    }
  }
}

/** What looks invalid, and is not. */
function* harmlessCases(): Generator<ConformanceCase> {
  const sentence = Buffer.from('Größe 水平 🎉🎉 \u{10ffff}\u{feff}', 'utf8');
  const chops: readonly (Chop | undefined)[] = [undefined, 1, 2, 3, 5, 7];
  for (const chop of chops) {
    yield {
      id: `utf8/cut-characters/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
      section: SECTION,
      rule: 'a character may be cut anywhere by frames and pieces',
      steps: [
        { send: [text(sentence)], chop },
        { receive: [gotText(sentence)] },
        { send: octetWise(sentence), chop },
        { receive: [gotText(sentence)] },
      ],
      end: goesOn,
    };
  }
  yield {
    id: 'utf8/cut-characters/pings-between',
    section: SECTION,
    rule: 'pings between the octets of a character change nothing',
    steps: [...oneByOne(octetWise(sentence, false)), { send: [last('')] }, { receive: [gotText(sentence)] }],
    end: goesOn,
  };
  for (const bytes of [16_384, 32_768, 65_536, 131_072]) {
    // The read buffer of the other side ends inside of a character at one of these offsets.
    for (const shift of [0, 1, 2, 3]) {
      const payload = Buffer.concat([Buffer.alloc(shift, 'a'), Buffer.from('🎉'.repeat(bytes / 4), 'utf8')]);
      yield {
        id: `utf8/cut-characters/long/${bytes}-shifted-by-${shift}`,
        section: SECTION,
        rule: 'a character may lie across reads',
        steps: [{ send: [text(payload)] }, { receive: [gotText(payload)] }],
        end: goesOn,
      };
    }
  }
  for (const { name, bytes } of invalidSequences.slice(0, 20)) {
    yield {
      id: `utf8/binary/${name}`,
      section: 'RFC 6455 5.6',
      rule: 'binary messages are not looked into',
      steps: [
        { send: [binary(bytes, { fin: false }), last(bytes)] },
        { receive: [gotBinary(Buffer.concat([bytes, bytes]))] },
      ],
      end: goesOn,
    };
  }
}

export const utf8Cases: readonly ConformanceCase[] = [
  ...validCases(),
  ...invalidCases(),
  ...failFastCases(),
  ...harmlessCases(),
];
