import { type ConformanceCase, goesOn, gotBinary, gotPong, gotText, ping, type Step, text } from '../case.ts';
import { Op } from '../frames.ts';

const kinds = [
  { name: 'text', op: Op.Text, pattern: 'utf8' },
  { name: 'binary', op: Op.Binary, pattern: 'random' },
] as const;

function* roundTrips(): Generator<ConformanceCase> {
  for (const { name, op, pattern } of kinds) {
    for (const bytes of [0, 16, 64, 125, 256, 1024, 4096, 16_384, 65_536]) {
      const payload = { pattern, bytes } as const;
      for (const [count, isHeavy] of [
        [100, false],
        [1000, true],
      ] as const) {
        yield {
          id: `many-messages/${name}/${bytes}/${count}-round-trips`,
          section: 'RFC 6455 5.6',
          rule: 'message after message comes back',
          steps: [{ message: { op, payload }, roundTrips: count }],
          end: goesOn,
          isHeavy,
        };
      }
      if (bytes < 64) continue;
      yield {
        id: `many-messages/${name}/${bytes}/fragmented`,
        section: 'RFC 6455 5.4',
        rule: 'message after message comes back, sent in fragments',
        steps: [{ message: { op, payload, fragmentBytes: Math.ceil(bytes / 7) }, roundTrips: 100 }],
        end: goesOn,
        isHeavy: bytes > 4096,
      };
    }
  }
}

function* atOnce(): Generator<ConformanceCase> {
  for (const [name, payload] of [
    ['empty', ''],
    ['short', 'short'],
    ['1K', { pattern: 'ascii', bytes: 1024 }],
  ] as const) {
    const count = 1000;
    yield {
      id: `many-messages/at-once/${name}`,
      section: 'RFC 6455 5.6',
      rule: 'a thousand messages in one write come back',
      steps: [
        { send: Array.from({ length: count }, () => text(payload)) },
        { receive: Array.from({ length: count }, () => gotText(payload)) },
      ],
      end: goesOn,
    };
  }
  const rounds = Array.from({ length: 50 }, (_, i): Step[] => [
    { send: [text(`text ${i}`), ping(`ping ${i}`), { op: Op.Binary, payload: `binary ${i}` }] },
    { receive: [gotText(`text ${i}`), gotPong(`ping ${i}`), gotBinary(`binary ${i}`)] },
  ]);
  yield {
    id: 'many-messages/mixed',
    section: 'RFC 6455 5.6',
    rule: 'text, binary and pings are answered in their order, again and again',
    steps: rounds.flat(),
    end: goesOn,
  };
}

export const manyMessageCases: readonly ConformanceCase[] = [...roundTrips(), ...atOnce()];
