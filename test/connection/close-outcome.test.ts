import { describe, expect, test } from 'vitest';
import { explain, type WebSocketCloseInfo } from '../../src/index.ts';
import { type Attacked, attack, victims } from '../support/attacked.ts';
import { turns } from '../support/eventually.ts';
import { hex } from '../support/frames.ts';
import { patient } from '../support/patience.ts';
import { connectPair } from '../support/running.ts';

const local = { remote: false, layer: 'websocket' } as const;
const remote = { remote: true, layer: 'websocket' } as const;
const broken = { code: 1006, remote: false, layer: 'transport' } as const;

/** A connection that sent a message and its close frame, which the peer has read. */
async function closing(victim: (typeof victims)[number], code = 4001, reason = 'ours'): Promise<Attacked> {
  const attacked = await attack(victim);
  attacked.connection.send('the last words');
  attacked.connection.close(code, reason);
  await attacked.raw.frames(2);
  return attacked;
}

describe.each(victims)('a %s that has closed with 4001 "ours"', (victim) => {
  test.each<[string, string, object]>([
    ['the same', '0fa1 6f757273', { code: 4001, reason: 'ours', ...local }],
    ['its code without the reason', '0fa1', { code: 4001, reason: 'ours', ...local }],
    ['no code', '', { code: 4001, reason: 'ours', ...local }],
    ['its code and another reason', '0fa1 74686569 7273', { code: 4001, reason: 'theirs', ...remote }],
    ['1007 "theirs"', '03ef 74686569 7273', { code: 1007, reason: 'theirs', ...remote }],
    ['1013', '03f5', { code: 1013, reason: '', ...remote }],
    ['1000', '03e8', { code: 1000, reason: '', ...remote }],
  ])('and gets %s reports what counts', async (_what, payload, expected) => {
    const { raw, closed, frame } = await closing(victim);
    raw.write(frame({ opcode: 8, payload: hex(payload.replaceAll(' ', '')) }));
    raw.socket.end();
    expect(await closed).toEqual(expected);
  });

  test('and gets what breaks the protocol was not answered, and says what it got', async () => {
    const { raw, closed, frame } = await closing(victim);
    raw.write(frame({ opcode: 1, rsv: 2, payload: 'x' }));
    raw.socket.end();
    const info = await closed;
    expect(info).toEqual({ ...broken, reason: 'Reserved bit used, before an answer to the close frame' });
    expect(explain(info)).toContain('It is not known');
  });

  test('and gets the end of the stream was not answered', async () => {
    const { raw, closed } = await closing(victim);
    raw.socket.end();
    const info = await closed;
    expect(info).toEqual({ ...broken, reason: 'Ended without an answer to the close frame' });
    expect(explain(info)).toContain('ended the connection');
  });

  test('and gets a reset was not answered', async () => {
    const { raw, closed } = await closing(victim);
    raw.socket.resetAndDestroy();
    const info = await closed;
    expect(info).toMatchObject({ ...broken, reason: 'Reset before an answer to the close frame' });
    expect(info.cause).toMatchObject({ code: 'ECONNRESET' });
    expect(explain(info)).toContain('broke before');
  });

  test('and gets nothing gives up at the close deadline', async () => {
    const { closed } = await closing(victim);
    const info = await closed;
    expect(info).toEqual({ ...broken, reason: 'Close timeout' });
    expect(explain(info)).toContain('closeTimeoutSecs');
  });

  test('and is terminated says so', async () => {
    const { connection, closed } = await closing(victim);
    connection.terminate();
    const info = await closed;
    expect(info).toEqual({ ...broken, reason: 'Terminated' });
    expect(explain(info)).toContain('terminate()');
  });
});

describe.each(victims)('a %s that is open', (victim) => {
  test('and terminated says so', async () => {
    const { connection, closed } = await attack(victim);
    connection.terminate();
    expect(await closed).toEqual({ ...broken, reason: 'Terminated' });
  });

  test('and gets the end of the stream did not begin it', async () => {
    const { raw, closed } = await attack(victim);
    raw.socket.end();
    expect(await closed).toEqual({ ...broken, reason: 'Abnormal closure', remote: true });
  });

  test('and whose peer takes nothing gives up at the send timeout', async () => {
    const { raw, connection, closed } = await attack(victim, { sendTimeoutSecs: patient(0.4) });
    raw.socket.pause();
    connection.send(Buffer.alloc(12_000_000));
    expect(await closed).toEqual({ ...broken, reason: 'Send timeout' });
  });
});

describe('stop() of a client', () => {
  test('tells that the other side has read everything, once it has answered', async () => {
    const { client } = await connectPair();
    client.send('read');
    expect(await client.stop()).toEqual({ unsentBytes: 0, isDelivered: true });
  });

  test.each<[string, (attacked: Attacked) => void]>([
    ['closes for a reason of its own', ({ raw, frame }) => raw.write(frame({ opcode: 8, payload: hex('03ef') }))],
    ['breaks the protocol', ({ raw, frame }) => raw.write(frame({ opcode: 3 }))],
    ['hangs up', ({ raw }) => void raw.socket.end()],
  ])('tells that nobody knows when it %s meanwhile', async (_what, answer) => {
    const attacked = await attack('client');
    const { connection, raw } = attacked;
    const stop =
      'stop' in connection && typeof connection.stop === 'function' ? connection.stop.bind(connection) : fail;
    connection.send('perhaps lost');
    const stopped: Promise<object> = stop();
    await raw.frames(2);
    answer(attacked);
    raw.socket.end();
    expect(await stopped).toEqual({ unsentBytes: 0, isDelivered: false });
  });
});

test('closes that cross are seen once on each side, each with what the other said', async () => {
  const { client, peer, log, peerLog } = await connectPair();
  client.close(3001, 'by the client');
  peer.close(3002, 'by the server');
  const ends: WebSocketCloseInfo[] = [(await log.next('close')).closeInfo, (await peerLog.next('close')).closeInfo];
  expect(ends).toEqual([
    { code: 3002, reason: 'by the server', ...remote },
    { code: 3001, reason: 'by the client', ...remote },
  ]);
  await turns();
  expect([...log.of('close'), ...peerLog.of('close')]).toHaveLength(2);
});

function fail(): never {
  throw new Error('not a client');
}
