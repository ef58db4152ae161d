import type { ConformanceCase, DeflateStyle, Message, Opening, Step } from '../case.ts';
import { goesOn } from '../case.ts';
import { Op } from '../frames.ts';
import type { PatternName, Payload } from '../payloads.ts';
import type { Setup } from '../subjects.ts';
import { deflateFrameCases } from './deflate-frames.ts';
import { negotiationCases } from './deflate-negotiation.ts';

/*
 * Permessage-deflate (RFC 7692). The suite compresses with zlib and decompresses on its own, which tells exactly how
 * far back the other side refers.
 */

/** An offer that leaves everything to the server, and an answer that the client's offer allows. */
function usual(setup: Setup): Opening {
  const answer = setup === 'defaults' ? '' : '; server_no_context_takeover; server_max_window_bits=12';
  return bothWays('permessage-deflate; client_max_window_bits', `permessage-deflate${answer}`);
}

function bothWays(offer: string, answer: string): Opening {
  return { offer, answer, outcome: 'agreed' };
}

/** A message out, and its echo. */
function echoed(message: Message): Step[] {
  return [{ message }, { receive: [{ op: message.op, payload: message.payload }] }];
}

const KIB = 1024;
const label = (bytes: number): string => (bytes >= KIB ? `${bytes / KIB}K` : `${bytes}`);

/** What is sent, how long, and in which fragments. */
function* sizes(setup: Setup): Generator<ConformanceCase> {
  const patterns: readonly PatternName[] = ['json', 'random', 'utf8', 'zeros'];
  for (const pattern of patterns) {
    const op = pattern === 'random' || pattern === 'zeros' ? Op.Binary : Op.Text;
    for (const bytes of [16, 64, 256, KIB, 4 * KIB, 8 * KIB, 16 * KIB, 32 * KIB, 64 * KIB, 128 * KIB]) {
      const payload: Payload = { pattern, bytes };
      for (const fragmentBytes of [undefined, 1, 32, 128, KIB, 4 * KIB, 32 * KIB]) {
        if (fragmentBytes !== undefined && (fragmentBytes >= bytes || bytes / fragmentBytes > 4096)) continue;
        const message: Message = { op, payload, fragmentBytes, deflate: {} };
        const how = fragmentBytes === undefined ? 'whole' : `fragments-of-${label(fragmentBytes)}`;
        for (const [roundTrips, isHeavy] of [
          [3, bytes > 4 * KIB && fragmentBytes !== undefined],
          [bytes > 8 * KIB ? 100 : 1000, true],
        ] as const) {
          if (isHeavy && roundTrips > 3 && fragmentBytes !== undefined && fragmentBytes !== KIB) continue;
          yield {
            id: `${setup}/sizes/${pattern}/${label(bytes)}/${how}/${roundTrips}-times`,
            section: 'RFC 7692 7.2',
            rule: 'a compressed message comes back, and again',
            opening: { ...usual(setup), showsCompression: pattern !== 'random' && bytes >= KIB },
            steps: [{ message, roundTrips }],
            end: goesOn,
            isHeavy,
          };
        }
      }
    }
  }
}

const styles: readonly (readonly [string, DeflateStyle])[] = [
  ['stored', { level: 0 }],
  ['fast', { level: 1 }],
  ['best', { level: 9 }],
  ['fixed', { strategy: 'fixed' }],
  ['huffman', { strategy: 'huffman' }],
  ['rle', { strategy: 'rle' }],
  ['blocks-of-1', { blockBytes: 1 }],
  ['blocks-of-100', { blockBytes: 100 }],
  ['stored-blocks', { level: 0, blockBytes: 77 }],
];

/** Everything that DEFLATE allows is understood, however it is cut. */
function* compressors(setup: Setup): Generator<ConformanceCase> {
  for (const [name, deflate] of styles) {
    for (const chop of [undefined, 1, 7] as const) {
      const json: Payload = { pattern: 'json', bytes: chop === undefined ? 3000 : 300 };
      const messages: Message[] = [
        { op: Op.Text, payload: json, deflate },
        { op: Op.Text, payload: json, deflate },
        { op: Op.Binary, payload: { pattern: 'random', bytes: 210 }, deflate, fragmentBytes: 100 },
        { op: Op.Text, payload: '', deflate },
        { op: Op.Text, payload: 'aß水🎉', deflate, fragmentBytes: 1 },
      ];
      yield {
        id: `${setup}/compressors/${name}/${chop === undefined ? 'whole' : `pieces-of-${chop}`}`,
        section: 'RFC 7692 7.2.1',
        rule: 'a compressor may use any block, and flush where it wants',
        opening: usual(setup),
        steps: messages.flatMap((message): Step[] => [
          { message, chop },
          { receive: [{ op: message.op, payload: message.payload }] },
        ]),
        end: goesOn,
        isHeavy: chop === 1 && deflate.blockBytes === 1,
      };
    }
  }
}

const BITS = [8, 9, 10, 11, 12, 13, 14, 15];

/** Every combination of the four parameters (section 7.1). */
function* parameters(setup: Setup): Generator<ConformanceCase> {
  for (const serverBits of [undefined, ...BITS]) {
    for (const clientBits of [undefined, 'no-value', ...BITS] as const) {
      for (const takeover of ['both', 'server', 'client', 'none'] as const) {
        const values = [
          ...(serverBits === undefined ? [] : [`server_max_window_bits=${serverBits}`]),
          ...(clientBits === undefined ? [] : [`client_max_window_bits=${clientBits}`]),
          ...(takeover === 'client' || takeover === 'none' ? ['server_no_context_takeover'] : []),
          ...(takeover === 'server' || takeover === 'none' ? ['client_no_context_takeover'] : []),
        ];
        const params = ['permessage-deflate', ...values].join('; ').replace('=no-value', '');
        const isQuick = [serverBits, clientBits].every((bits) =>
          ['undefined', '8', '9', 'no-value'].includes(`${bits}`),
        );
        yield {
          id: `${setup}/parameters/server-${serverBits ?? 'absent'}/client-${clientBits ?? 'absent'}/takeover-${takeover}`,
          section: 'RFC 7692 7.1',
          rule: 'the window and the context are kept to as agreed',
          // An answer names a value, always (section 7.1.2.2).
          roles: clientBits === 'no-value' ? ['server'] : undefined,
          opening: { ...bothWays(params, params), showsCompression: true },
          steps: conversation,
          end: goesOn,
          isHeavy: !isQuick,
        };
      }
    }
  }
}

/** Messages that show a window too large, or a context that should not be there, or is not. */
const conversation: readonly Step[] = [
  ...echoed({ op: Op.Text, payload: { pattern: 'json', bytes: 1000 }, deflate: {} }),
  ...echoed({ op: Op.Text, payload: { pattern: 'json', bytes: 1000 }, deflate: {} }),
  ...echoed({ op: Op.Text, payload: 'not compressed' }),
  ...echoed({ op: Op.Text, payload: { pattern: 'json', bytes: 1000 }, deflate: {}, fragmentBytes: 50 }),
  ...echoed({ op: Op.Binary, payload: { pattern: 'random', bytes: 5000 }, deflate: {} }),
  ...echoed({ op: Op.Binary, payload: { pattern: 'random', bytes: 5000 }, deflate: {} }),
  ...echoed({ op: Op.Binary, payload: { pattern: 'zeros', bytes: 10_000 }, deflate: { blockBytes: 999 } }),
  ...echoed({ op: Op.Text, payload: '', deflate: {} }),
  ...echoed({ op: Op.Text, payload: { pattern: 'utf8', bytes: 40_000 }, deflate: {}, fragmentBytes: 33 }),
  ...echoed({ op: Op.Text, payload: { pattern: 'json', bytes: 1000 }, deflate: {} }),
];

/** All cases for a side that is set up so. */
export function deflateCasesFor(setup: Setup): readonly ConformanceCase[] {
  const cases = [
    ...sizes(setup),
    ...compressors(setup),
    ...parameters(setup),
    ...negotiationCases(setup),
    ...deflateFrameCases(setup),
  ];
  return cases.map((one) => ({
    ...one,
    id: one.id.replace(setup, setup === 'defaults' ? 'deflate' : 'deflate-other'),
  }));
}
