import { binary, type ConformanceCase, fails, gotPong, gotText, last, type Step, stillAlive, text } from '../case.ts';
import { type Frame, Op } from '../frames.ts';
import { hex } from '../payloads.ts';

const RESERVED = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

const frames: readonly [string, (op: number) => Frame][] = [
  ['empty', (op) => ({ op })],
  ['with-payload', (op) => ({ op, payload: 'reserved opcode' })],
  ['not-final', (op) => ({ op, payload: 'reserved opcode', fin: false })],
  ['126-octets', (op) => ({ op, payload: { pattern: 'ascii', bytes: 126 } })],
];

const positions: readonly [string, (bad: Frame) => Step[]][] = [
  ['first', (bad) => [{ send: [bad] }]],
  ['in-pieces', (bad) => [{ send: [bad], chop: 1 }]],
  ['before-data', (bad) => [{ send: [bad, text('never seen'), { op: Op.Ping, payload: 'never answered' }] }]],
  ['after-data', (bad) => [{ send: [text('good')] }, { receive: [gotText('good')] }, { send: [bad] }]],
  ['between-data', (bad) => [{ send: [text('good'), bad, binary('never seen')] }, { receive: [gotText('good')] }]],
  [
    'inside-a-message',
    (bad) => [
      { send: [text('be', { fin: false }), { op: Op.Ping, payload: 'in between' }] },
      { receive: [gotPong('in between')] },
      { send: [bad, last('gin')] },
    ],
  ],
];

function* cases(): Generator<ConformanceCase> {
  for (const op of RESERVED) {
    for (const [frameName, make] of frames) {
      for (const [positionName, stepsWith] of positions) {
        yield {
          id: `opcodes/${op}/${frameName}/${positionName}`,
          section: 'RFC 6455 5.2',
          rule: 'an opcode that is reserved fails the connection',
          steps: stepsWith(make(op)),
          end: fails(1002),
        };
      }
    }
    yield {
      id: `opcodes/${op}/header-only`,
      section: 'RFC 6455 5.2',
      rule: 'a reserved opcode is refused as soon as the header tells',
      steps: [...stillAlive(), { send: [{ op, payload: hex('00'.repeat(100)) }], omit: 100 }],
      end: fails(1002),
    };
  }
}

export const opcodeCases: readonly ConformanceCase[] = [...cases()];
