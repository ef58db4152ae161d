import {
  type Chop,
  type ConformanceCase,
  fails,
  goesOn,
  gotText,
  type Message,
  more,
  type Step,
  text,
} from '../case.ts';
import { Op } from '../frames.ts';
import type { Payload } from '../payloads.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const kinds = [
  { name: 'text', op: Op.Text, pattern: 'utf8' },
  { name: 'binary', op: Op.Binary, pattern: 'random' },
] as const;

const label = (bytes: number): string =>
  bytes >= MIB ? `${bytes / MIB}M` : bytes >= KIB ? `${bytes / KIB}K` : `${bytes}`;

function echoed(message: Message, chop?: Chop): Step[] {
  return [{ message, chop }, { receive: [{ op: message.op, payload: message.payload }] }];
}

function* large(): Generator<ConformanceCase> {
  for (const { name, op, pattern } of kinds) {
    for (const bytes of [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB]) {
      const payload: Payload = { pattern, bytes };
      yield {
        id: `limits/${name}/${label(bytes)}`,
        section: 'RFC 6455 5.2',
        rule: 'a message up to the limit comes back',
        steps: echoed({ op, payload }),
        end: goesOn,
        isHeavy: bytes > MIB,
      };
    }
    for (const fragmentBytes of [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB]) {
      for (const bytes of [64 * KIB, 4 * MIB, 16 * MIB]) {
        // More fragments than a message may have.
        if (bytes / fragmentBytes > 131_072 || fragmentBytes > bytes) continue;
        yield {
          id: `limits/${name}/${label(bytes)}/fragments-of-${label(fragmentBytes)}`,
          section: 'RFC 6455 5.4',
          rule: 'a large message comes back in whatever fragments it was sent',
          steps: echoed({ op, payload: { pattern, bytes }, fragmentBytes }),
          end: goesOn,
          isHeavy: bytes > 64 * KIB,
        };
      }
    }
    for (const chop of [64, 128, 256, 512, KIB, 4 * KIB, 64 * KIB]) {
      for (const bytes of [64 * KIB, MIB, 16 * MIB]) {
        if (bytes / chop > 16 * KIB) continue;
        yield {
          id: `limits/${name}/${label(bytes)}/pieces-of-${label(chop)}`,
          section: 'RFC 6455 5.2',
          rule: 'a large message comes back in whatever pieces it arrives',
          steps: echoed({ op, payload: { pattern, bytes } }, chop),
          end: goesOn,
          isHeavy: bytes > 64 * KIB,
        };
      }
    }
    yield {
      id: `limits/${name}/4M/fragments-and-pieces`,
      section: 'RFC 6455 5.4',
      rule: 'fragments and pieces need not fit together',
      steps: echoed({ op, payload: { pattern, bytes: 4 * MIB }, fragmentBytes: 1000 }, 1500),
      end: goesOn,
      isHeavy: true,
    };
    // The same chain that a message of 65 536 fragments is, and an empty frame at its end.
    for (const [fragments, isHeavy] of [
      [4096, false],
      [65_536, true],
    ] as const) {
      yield {
        id: `limits/${name}/${fragments}-fragments-of-1`,
        section: 'RFC 6455 5.4',
        rule: 'the number of fragments does not matter',
        steps: echoed({ op, payload: { pattern, bytes: fragments }, fragmentBytes: 1 }),
        end: goesOn,
        isHeavy,
      };
    }
  }
}

/** Above the limits of this library: 16 MiB and 131 072 fragments. */
function* beyond(): Generator<ConformanceCase> {
  const half: Payload = { pattern: 'zeros', bytes: 8 * MIB };
  yield {
    id: 'limits/beyond/sum-of-fragments',
    section: 'RFC 6455 7.4.1',
    rule: 'a message whose fragments together pass the limit is refused with the header that tells',
    steps: [{ send: [text(half, { fin: false }), more(half)] }, { send: [more('', { declare: 1n })] }],
    end: fails(1009),
    isHeavy: true,
  };
  yield {
    id: 'limits/beyond/announced-fragment',
    section: 'RFC 6455 7.4.1',
    rule: 'a fragment that would pass the limit is refused before its payload arrives',
    steps: [
      { send: [text('before')] },
      { receive: [gotText('before')] },
      { send: [text('x', { fin: false }), more('', { declare: BigInt(16 * MIB) })] },
    ],
    end: fails(1009),
  };
  yield {
    id: 'limits/beyond/fragments',
    section: 'RFC 6455 7.4.1',
    rule: 'a message of more than 131 072 fragments is refused',
    steps: [{ message: { op: Op.Binary, payload: { pattern: 'zeros', bytes: 131_073 }, fragmentBytes: 1 } }],
    end: fails(1008),
    isHeavy: true,
  };
}

export const limitCases: readonly ConformanceCase[] = [...large(), ...beyond()];
