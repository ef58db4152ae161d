import { type ConformanceCase, fails, gotPong, gotText, type Step, stillAlive, text } from '../case.ts';
import { type Frame, Op } from '../frames.ts';

/* No extension is agreed on in these cases, so that no reserved bit has a meaning (RFC 6455 section 5.2). */

const opcodes = [
  ['text', Op.Text],
  ['binary', Op.Binary],
  ['close', Op.Close],
  ['ping', Op.Ping],
  ['pong', Op.Pong],
] as const;

/** Where in a session the frame stands, and what comes back before it is met. */
const positions: readonly [string, (bad: Frame) => Step[]][] = [
  ['first', (bad) => [{ send: [bad] }]],
  ['first-in-pieces', (bad) => [{ send: [bad], chop: 1 }]],
  ['after-a-message', (bad) => [{ send: [text('good')] }, { receive: [gotText('good')] }, { send: [bad] }]],
  [
    'between-messages-in-one-write',
    (bad) => [{ send: [text('good'), bad, text('never seen')] }, { receive: [gotText('good')] }],
  ],
  [
    'between-messages-in-pieces',
    (bad) => [{ send: [text('good'), bad, text('never seen')], chop: 2 }, { receive: [gotText('good')] }],
  ],
  ['after-a-ping', (bad) => [...stillAlive(), { send: [bad, { op: Op.Ping, payload: 'never answered' }] }]],
  [
    'inside-a-message',
    (bad) => {
      const isControl = bad.op >= Op.Close;
      return [
        { send: [text('be', { fin: false }), { op: Op.Ping, payload: 'in between' }] },
        { receive: [gotPong('in between')] },
        { send: [isControl ? bad : { ...bad, op: Op.Continuation }] },
      ];
    },
  ],
];

function* cases(): Generator<ConformanceCase> {
  for (let rsv = 1; rsv <= 7; rsv++) {
    for (const [opName, op] of opcodes) {
      for (const [positionName, stepsWith] of positions) {
        // An empty close payload, so that the bits are all that is wrong.
        const payload = op === Op.Close ? '' : 'reserved';
        yield {
          id: `reserved-bits/${rsv.toString(2).padStart(3, '0')}/${opName}/${positionName}`,
          section: 'RFC 6455 5.2',
          rule: 'a reserved bit that no extension gave a meaning fails the connection',
          steps: stepsWith({ op, rsv, payload }),
          end: fails(1002),
        };
      }
    }
  }
}

export const reservedBitCases: readonly ConformanceCase[] = [...cases()];
