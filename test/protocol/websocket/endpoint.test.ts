import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodePorts } from '../../../src/platform/node-ports.ts';
import { ConnectionStatus } from '../../../src/protocol/websocket/closing/connection-status.ts';
import { Violations } from '../../../src/protocol/websocket/closing/violations.ts';
import { Endpoint, type EndpointHandler, type EndpointOptions } from '../../../src/protocol/websocket/endpoint.ts';
import { MaskSource } from '../../../src/protocol/websocket/frames/masking.ts';
import { frame, hex, readFrames } from '../../support/frames.ts';
import type { Role } from '../../support/parse-every-way.ts';
import { type FrameEvent, RecordingFrameHandler, writtenText } from '../../support/recording-frame-handler.ts';
import { RecordingSink } from '../../support/recording-sink.ts';
import { TestBudget } from '../../support/test-budget.ts';

class RecordingEndpointHandler extends RecordingFrameHandler implements EndpointHandler {
  onCloseFrame(code: number, reason: string, wireSize: number): void {
    this.onClose(code, reason, wireSize);
  }
}

class Side {
  readonly handler: RecordingEndpointHandler = new RecordingEndpointHandler();
  readonly sink: RecordingSink = new RecordingSink();
  readonly endpoint: Endpoint;
  /** All states so far. */
  readonly states: ConnectionStatus[] = [ConnectionStatus.Open];

  constructor(role: Role, options: Partial<EndpointOptions> = {}) {
    this.endpoint = new Endpoint({
      role,
      handler: this.handler,
      sink: this.sink,
      ports: nodePorts,
      masks: role === 'client' ? new MaskSource(nodePorts.fillRandom) : undefined,
      maxMessageBytes: 100_000,
      maxFragments: 10,
      ...options,
    });
    this.watchStates();
  }

  /** Gives it bytes as one read. */
  receive(bytes: Buffer): number {
    return this.endpoint.receive(Buffer.from(bytes), 0, bytes.length);
  }

  /** Takes what it sent and gives it to the other side. */
  deliverTo(other: Side): void {
    other.receive(this.sink.takeAll());
  }

  /** The frames that it sent, as `first byte, payload in hex`. */
  get sent(): [number, string][] {
    return readFrames(this.sink.wire).map(({ first, payload }) => [first, payload.toString('hex')]);
  }

  private watchStates(): void {
    const { states } = this;
    Object.defineProperty(this.endpoint, 'status', {
      get: () => states.at(-1),
      set: (status: ConnectionStatus) => {
        states.push(status);
      },
    });
  }
}

/** A frame for `role` to receive. */
function to(role: Role, opcode: number, payload: Buffer | string = '', fin = true): Buffer {
  return frame({ opcode, payload, fin, mask: role === 'server' ? 'a1b2c3d4' : undefined });
}

const roles: Role[] = ['client', 'server'];
const { Open, ClosedByUs, ClosedByPeer, CloseAcknowledged, Closed } = ConnectionStatus;
const bye = hex('03e8 627965');

describe.each(roles)('the closing handshake of a %s', (role) => {
  test('begun by us: our close frame, then the wait for theirs', () => {
    const side = new Side(role);
    side.endpoint.close(1000, 'bye');
    expect(side.sent).toEqual([[0x88, '03e8627965']]);
    expect(side.endpoint).toMatchObject({ status: ClosedByUs, canSend: false });
    expect(side.handler.events).toEqual([]);
    const reply = to(role, 8, bye);
    side.receive(reply);
    expect(side.handler.events).toEqual([['close', 1000, 'bye', reply.length]]);
    expect(side.states).toEqual([Open, ClosedByUs, CloseAcknowledged]);
    expect(side.sent).toHaveLength(1);
  });

  test('begun by us, and answered with another code', () => {
    const side = new Side(role);
    side.endpoint.close(1000, 'bye');
    side.receive(to(role, 8, hex('03e9')));
    expect(side.handler.events[0]?.slice(0, 3)).toEqual(['close', 1001, '']);
    expect(side.endpoint.status).toBe(CloseAcknowledged);
    expect(side.sent).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['code and reason', '0fa0 e282ac 21'],
    ['a code alone', '03e9'],
    ['nothing', ''],
    ['the longest reason', `03e8${'61'.repeat(123)}`],
  ])('begun by them: %s comes back as it was', (_name, payload) => {
    const side = new Side(role);
    side.receive(to(role, 8, hex(payload)));
    expect(side.sent).toEqual([[0x88, hex(payload).toString('hex')]]);
    expect(side.states).toEqual([Open, ClosedByPeer, CloseAcknowledged]);
    expect(side.handler.events).toHaveLength(1);
    expect(side.endpoint.canSend).toBe(false);
  });

  test('our close frame is out by the time that theirs is reported, and cannot be sent again', () => {
    const side = new Side(role);
    const sentBefore: number[] = [];
    side.handler.afterEach = () => {
      sentBefore.push(side.sent.length);
      side.endpoint.close(4000, 'too late');
    };
    side.receive(to(role, 8, bye));
    expect(sentBefore).toEqual([1]);
    expect(side.sent).toEqual([[0x88, '03e8627965']]);
  });

  test('closing twice sends one close frame', () => {
    const side = new Side(role);
    side.endpoint.close(1000, '');
    side.endpoint.close(1001, 'again');
    expect(side.sent).toEqual([[0x88, '03e8']]);
  });

  test('closing without a code sends an empty close frame', () => {
    const side = new Side(role);
    side.endpoint.close(1005, '');
    expect(side.sent).toEqual([[0x88, '']]);
  });

  test('nothing but their close frame counts once ours was sent', () => {
    const side = new Side(role);
    side.receive(to(role, 1, 'before', false));
    side.endpoint.close(1000, '');
    side.receive(
      Buffer.concat([
        to(role, 0, 'after'),
        to(role, 2, 'binary'),
        to(role, 9, 'p'),
        to(role, 10),
        to(role, 1, 'x', false),
      ]),
    );
    expect(side.handler.events).toEqual([['fragment', 'text', 6]]);
    side.receive(to(role, 8, hex('03e8')));
    expect(side.handler.events.at(-1)?.[0]).toBe('close');
  });

  test('nothing counts behind their close frame', () => {
    const side = new Side(role);
    side.receive(
      Buffer.concat([to(role, 1, 'a'), to(role, 8), to(role, 1, 'b'), to(role, 9), to(role, 8), hex('ffff')]),
    );
    side.receive(to(role, 1, 'c'));
    expect(side.handler.events.map((event) => event[0])).toEqual(['text', 'close']);
    expect(side.sent).toEqual([[0x88, '']]);
  });

  test('closing inside of a callback ends the messages of the same read, but not their close frame', () => {
    const side = new Side(role);
    side.handler.afterEach = () => side.endpoint.close(1000, 'enough');
    side.receive(Buffer.concat([to(role, 1, 'a'), to(role, 1, 'b'), to(role, 8, bye)]));
    expect(side.handler.events.map((event) => event.slice(0, 2))).toEqual([
      ['text', 'a'],
      ['close', 1000],
    ]);
    expect(side.states).toEqual([Open, ClosedByUs, CloseAcknowledged]);
  });
});

describe('two sides', () => {
  function pair(): [Side, Side] {
    return [new Side('client'), new Side('server')];
  }

  test.each(['client', 'server'])('the %s closes first', (first) => {
    const [client, server] = pair();
    const [one, other] = first === 'client' ? [client, server] : [server, client];
    one.endpoint.close(4321, 'done');
    one.deliverTo(other);
    other.deliverTo(one);
    expect(one.states).toEqual([Open, ClosedByUs, CloseAcknowledged]);
    expect(other.states).toEqual([Open, ClosedByPeer, CloseAcknowledged]);
    for (const side of [one, other])
      expect(side.handler.events.map((event) => event.slice(0, 3))).toEqual([['close', 4321, 'done']]);
    expect([one.sent, other.sent]).toEqual([[], []]);
  });

  test('both close at once, each with a code of its own', () => {
    const [client, server] = pair();
    client.endpoint.close(1000, 'client');
    server.endpoint.close(1001, 'server');
    const toServer = client.sink.takeAll();
    const toClient = server.sink.takeAll();
    client.receive(toClient);
    server.receive(toServer);
    expect(client.states).toEqual([Open, ClosedByUs, CloseAcknowledged]);
    expect(server.states).toEqual([Open, ClosedByUs, CloseAcknowledged]);
    expect(client.handler.events.map((event) => event.slice(0, 3))).toEqual([['close', 1001, 'server']]);
    expect(server.handler.events.map((event) => event.slice(0, 3))).toEqual([['close', 1000, 'client']]);
    expect([client.sent, server.sent]).toEqual([[], []]);
  });

  test('one breaks the protocol while the other closes', () => {
    const [client, server] = pair();
    server.endpoint.close(1000, '');
    client.endpoint.fail(Violations.invalidUtf8);
    client.deliverTo(server);
    expect(server.handler.events.map((event) => event.slice(0, 3))).toEqual([
      ['close', 1007, 'Invalid frame payload data'],
    ]);
    server.deliverTo(client);
    expect(client.handler.events.map((event) => event[0])).toEqual(['violation']);
    expect([client.sent, server.sent]).toEqual([[], []]);
  });

  test('messages, pings and pongs arrive as they were sent, and their sizes are those that were foretold', () => {
    const payload = Buffer.from([0, 255, 128]);
    for (const [from, target] of [pair(), pair().toReversed() as [Side, Side]]) {
      const { endpoint } = from;
      const sizes = [
        endpoint.sendText('Καλημέρα', 16),
        endpoint.sendBytes(payload, true),
        endpoint.sendBytes(Buffer.from('text'), false),
        endpoint.sendBytes(Buffer.alloc(40_000, 0x62), false),
        endpoint.sendPing(payload),
        endpoint.sendPong(Buffer.alloc(125, 1)),
        endpoint.sendText('', 0),
      ];
      expect(sizes).toEqual([16, 3, 4, 40_000, 3, 125, 0].map((length) => endpoint.wireSizeOf(length)));
      from.deliverTo(target);
      expect(target.handler.events).toEqual([
        ['text', 'Καλημέρα', sizes[0]],
        ['binary', '00ff80', sizes[1]],
        ['text', 'text', sizes[2]],
        ['text', writtenText('b'.repeat(40_000)), sizes[3]],
        ['ping', '00ff80', sizes[4]],
        ['pong', '01'.repeat(125), sizes[5]],
        ['text', '', sizes[6]],
      ]);
    }
  });

  test('a ping is only reported: whoever uses the endpoint answers it', () => {
    const [client, server] = pair();
    client.endpoint.sendPing(Buffer.from('are you there'));
    client.deliverTo(server);
    expect(server.handler.events.map((event) => event[0])).toEqual(['ping']);
    expect(server.sent).toEqual([]);
  });
});

describe('a violation', () => {
  const cases: [string, (role: Role) => Buffer, number, string][] = [
    ['a reserved bit', (role) => hex(role === 'server' ? 'c180' : 'c100'), 1002, 'Reserved bit used'],
    ['an unknown opcode', (role) => to(role, 3), 1002, 'Protocol error'],
    ['a fragmented ping', (role) => to(role, 9, '', false), 1002, 'Control message fragmented'],
    [
      'a long ping',
      (role) => to(role, 9, Buffer.alloc(126)),
      1002,
      'Ping reason control frame with payload length > 125 octets',
    ],
    ['a continuation of nothing', (role) => to(role, 0), 1002, 'Fragmentation: continuation opcode out of sequence'],
    [
      'a message inside a message',
      (role) => Buffer.concat([to(role, 1, '', false), to(role, 1)]),
      1002,
      'Fragmentation: data message out of sequence',
    ],
    ['bad text', (role) => to(role, 1, hex('ff')), 1007, 'Invalid frame payload data'],
    ['a bad close code', (role) => to(role, 8, hex('03ed')), 1002, 'Invalid close code: 1005'],
    ['a close frame of one byte', (role) => to(role, 8, hex('03')), 1002, 'Close payload of one byte'],
    ['a bad close reason', (role) => to(role, 8, hex('03e8ff')), 1007, 'Invalid frame payload data'],
    ['a message too big', (role) => to(role, 2, Buffer.alloc(100_001)), 1009, 'Message too big'],
    [
      'too many fragments',
      (role) => Buffer.concat([to(role, 2, '', false), ...Array.from({ length: 10 }, () => to(role, 0, '', false))]),
      1008,
      'Too many fragments',
    ],
    [
      'the wrong masking',
      (role) => to(role === 'server' ? 'client' : 'server', 1, 'a'),
      1002,
      '(Client frame is not|Server frame is) masked',
    ],
  ];

  test.each(cases)('%s is answered once, with its close frame', (_name, wire, code, reason) => {
    for (const role of roles) {
      const side = new Side(role);
      side.receive(wire(role));
      expect(side.sent).toHaveLength(1);
      const [first, payload] = side.sent[0] ?? [0, ''];
      expect([first, hex(payload).readUInt16BE(0)]).toEqual([0x88, code]);
      expect(hex(payload).subarray(2).toString()).toMatch(new RegExp(`^${reason.replace('>', '\\>')}$`));
      expect(side.states).toEqual([Open, ClosedByUs]);
      const last = side.handler.events.at(-1);
      expect([last?.[0], last?.[2]]).toEqual(['violation', code]);

      // Neither another violation nor the close frame of the peer is looked at, and nothing more is sent.
      const { count } = side.handler;
      side.receive(Buffer.concat([wire(role), to(role, 8), to(role, 1, 'a')]));
      side.endpoint.close(1000, '');
      expect(side.handler.count).toBe(count);
      expect(side.sent).toHaveLength(1);
    }
  });

  test('after our own close frame is reported, and not answered', () => {
    for (const role of roles) {
      const side = new Side(role);
      side.endpoint.close(1000, '');
      side.receive(to(role, 3));
      expect(side.sent).toHaveLength(1);
      expect(side.handler.events.map((event) => event[0])).toEqual(['violation']);
      expect(side.endpoint.status).toBe(ClosedByUs);
    }
  });

  test('that the user of the endpoint finds ends parsing at once', () => {
    for (const role of roles) {
      const side = new Side(role);
      side.handler.afterEach = () => {
        if (side.handler.count === 2) side.endpoint.fail(Violations.tooManyControlFrames);
      };
      side.receive(Buffer.concat([to(role, 9), to(role, 9), to(role, 9), to(role, 1, 'a'), to(role, 8)]));
      expect(side.handler.events.slice(2)).toEqual([
        ['violation', 'tooManyControlFrames', 1008, 'Too many control frames'],
      ]);
      expect(side.sent).toEqual([[0x88, `03f0${Buffer.from('Too many control frames').toString('hex')}`]]);
    }
  });

  test('has sent its close frame by the time that it is reported', () => {
    const side = new Side('client');
    const sent: number[] = [];
    side.handler.afterEach = () => sent.push(side.sent.length);
    side.receive(to('client', 3));
    expect(sent).toEqual([1]);
  });
});

describe('the end of the transport', () => {
  test.each<[string, (side: Side) => void]>([
    ['open', () => undefined],
    ['closedByUs', (side) => side.endpoint.close(1000, '')],
    ['closeAcknowledged', (side) => side.receive(to('client', 8))],
  ])('ends an endpoint that is %s, and nothing happens after it', (state, prepare) => {
    const side = new Side('client');
    prepare(side);
    expect(side.endpoint.status).toBe(state);
    const { count } = side.handler;
    const sent = side.sent.length;
    side.endpoint.end();
    side.endpoint.end();
    side.receive(Buffer.concat([to('client', 1, 'a'), to('client', 8), to('client', 3)]));
    side.endpoint.close(1000, '');
    expect(side.states.filter((status) => status === Closed)).toHaveLength(1);
    expect(side.endpoint).toMatchObject({ status: Closed, canSend: false });
    expect([side.handler.count, side.sent.length]).toEqual([count, sent]);
  });

  test('inside of a callback ends the messages of the same read', () => {
    const side = new Side('client');
    side.handler.afterEach = () => side.endpoint.end();
    side.receive(Buffer.concat([to('client', 1, 'a'), to('client', 1, 'b'), to('client', 8)]));
    expect(side.handler.count).toBe(1);
  });

  test('gives back the memory of an unfinished message', () => {
    const budget = new TestBudget();
    const side = new Side('client', { budget });
    side.receive(to('client', 1, 'a'.repeat(3000), false));
    expect(budget.taken).toBeGreaterThan(0);
    side.endpoint.end();
    expect(budget.taken).toBe(0);
  });
});

describe('stopping', () => {
  test('inside of a callback leaves the rest of the read to the caller', () => {
    const side = new Side('server');
    side.handler.afterEach = () => side.endpoint.stopParsing();
    const bytes = Buffer.concat([to('server', 1, 'a'), to('server', 1, 'b')]);
    expect(side.endpoint.receive(bytes, 0, bytes.length)).toBe(7);
    expect(side.endpoint.receive(bytes, 7, bytes.length)).toBe(7);
    side.endpoint.resumeParsing();
    expect(side.endpoint.receive(bytes, 7, bytes.length)).toBe(14);
    expect(side.handler.events.map((event) => event[1])).toEqual(['a', 'b']);
  });
});

test('a client without masks is a defect of ours', () => {
  expect(() => new Side('client', { masks: undefined })).toThrow(/internal error: a client masks/);
});

test('the frames of a client are masked, those of a server are not', () => {
  for (const role of roles) {
    const side = new Side(role);
    side.endpoint.sendText('a', 1);
    side.endpoint.sendBytes(Buffer.alloc(20_000), true);
    side.endpoint.sendPing(Buffer.alloc(0));
    side.endpoint.sendPong(Buffer.alloc(0));
    side.endpoint.close(1000, '');
    expect(readFrames(side.sink.wire).map(({ mask }) => mask !== undefined)).toEqual(Array(5).fill(role === 'client'));
  }
});

test('whatever happens, only the allowed moves are made, and one close frame is sent at the most', () => {
  const moves = new Set([
    `${Open} ${ClosedByUs}`,
    `${Open} ${ClosedByPeer}`,
    `${Open} ${Closed}`,
    `${ClosedByUs} ${CloseAcknowledged}`,
    `${ClosedByUs} ${Closed}`,
    `${ClosedByPeer} ${CloseAcknowledged}`,
    `${CloseAcknowledged} ${Closed}`,
  ]);
  const made = new Set<string>();
  const acts: Record<string, (side: Side, role: Role) => void> = {
    close: (side) => side.endpoint.close(1000, 'bye'),
    end: (side) => side.endpoint.end(),
    fail: (side) => side.endpoint.fail(Violations.tooManyControlFrames),
    theirClose: (side, role) => void side.receive(to(role, 8, bye)),
    theirFault: (side, role) => void side.receive(to(role, 5)),
    theirText: (side, role) => void side.receive(to(role, 1, 'a')),
    theirPart: (side, role) => void side.receive(to(role, 1, 'a', false)),
    theirPing: (side, role) => void side.receive(to(role, 9)),
  };
  const anyAct = fc.constantFrom(...Object.keys(acts));
  fc.assert(
    fc.property(
      fc.constantFrom(...roles),
      fc.array(anyAct, { maxLength: 8 }),
      fc.option(fc.constantFrom('close', 'end', 'fail'), { nil: undefined }),
      (role, names, inCallback) => {
        const side = new Side(role);
        let isInside = false;
        side.handler.afterEach = () => {
          if (inCallback === undefined || isInside || !side.endpoint.canSend) return;
          isInside = true;
          acts[inCallback]?.(side, role);
        };
        for (const name of names) acts[name]?.(side, role);
        for (const [i, status] of side.states.slice(1).entries()) made.add(`${side.states[i]} ${status}`);
        expect(side.sent.filter(([first]) => first === 0x88).length).toBeLessThanOrEqual(1);
        const ends: FrameEvent[] = side.handler.events.filter((event) => event[0] === 'close');
        expect(ends.length).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 2000 },
  );
  expect([...made].sort()).toEqual([...moves].sort());
});
