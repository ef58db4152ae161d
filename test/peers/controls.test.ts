import { describe, expect, test } from 'vitest';
import { explain } from '../../src/index.ts';
import { patient } from '../support/patience.ts';
import { close, continuation, meet, peerRoles, ping, pong, text } from './meeting.ts';

describe.each(peerRoles)('as %s, a ping of ours is answered by', (role) => {
  test('broadwayd 3.24 with an empty pong', async () => {
    const { ours, log, peer } = await meet(role);
    ours.ping('payload');
    await peer.raw.frames(1);
    peer.send(pong());
    expect((await log.next('pong')).bytes).toHaveLength(0);
  });

  test('aria2 1.36 with a pong and an error as text', async () => {
    const { ours, log, peer } = await meet(role);
    ours.ping('p');
    await peer.raw.frames(1);
    const error = '{"id":null,"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request."}}';
    peer.send(pong('p'), text(error));
    expect((await log.next('pong')).data).toBe('p');
    expect((await log.next('message')).data).toBe(error);
  });

  test('QEMU 7.2 with a pong that carries the frame that followed the ping', async () => {
    const { ours, log, peer } = await meet(role);
    ours.ping('p');
    await peer.raw.frames(1);
    peer.send(pong(Buffer.concat([Buffer.from('p'), peer.bytesOf(text('swallowed'))])), text('next'));
    expect((await log.next('pong')).bytes.length).toBeGreaterThan(10);
    expect((await log.next('message')).data).toBe('next');
  });

  test('QEMU 7.2 with a pong that is too long, which is called so with its length', async () => {
    const { ours, log, peer } = await meet(role);
    ours.ping('p');
    await peer.raw.frames(1);
    peer.send({ opcode: 10, payload: 'x'.repeat(131), lengthForm: 16 });
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1002, remote: false, layer: 'websocket' });
    expect(closeInfo.reason).toMatch(/pong.*131/i);
  });

  test('SWI-Prolog 9.0.4 with a close, inside of a message and as an answer to a pong', async () => {
    for (const [code, reason] of [
      [1011, ''],
      [1000, 'bye'],
    ] as const) {
      const { ours, log, peer } = await meet(role);
      ours.ping();
      await peer.raw.frames(1);
      peer.send(close(code, reason));
      expect((await log.next('close')).closeInfo).toMatchObject({ code, reason, remote: true, layer: 'websocket' });
    }
  });

  test('InspIRCd 3.15 with 1008 when it was the second in short time', async () => {
    const { ours, log, peer } = await meet(role);
    ours.ping();
    ours.ping();
    await peer.raw.frames(2);
    peer.send(close(1008, 'Too many pings'));
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1008, reason: 'Too many pings', remote: true });
    expect(explain(closeInfo)).toMatch(/for a rule of its own.*It said: Too many pings\.$/);
  });
});

describe.each(peerRoles)('as %s, a heartbeat of ours lives on', (role) => {
  const pingIntervalSecs = patient(0.1);
  const heartbeat = { client: { pingIntervalSecs }, server: { pingIntervalSecs } };

  test('the empty pongs of broadwayd 3.24', async () => {
    const { ours, log, peer } = await meet(role, heartbeat);
    for (let pings = 1; pings <= 4; pings++) {
      await peer.raw.frames(pings);
      peer.send(pong());
    }
    expect(ours.getReadyState()).toBe('open');
    expect(log.of('close')).toEqual([]);
  });
});

describe.each(peerRoles)('as %s, a ping of theirs is answered at once', (role) => {
  test('with its payload, of 125 bytes, inside of a message, and twice in a segment', async () => {
    const { log, peer } = await meet(role);
    const long = 'p'.repeat(125);
    peer.send(text('a', false), ping(long), continuation('b'));
    const [first] = await peer.raw.frames(1);
    expect([first?.first, first?.payload.toString()]).toEqual([0x8a, long]);
    expect((await log.next('message')).data).toBe('ab');
    peer.send(ping('1'), ping('2'));
    const frames = await peer.raw.frames(2);
    expect(frames.at(-1)?.payload.toString()).toBe('2');
  });

  test('and a pong that nobody asked for is passed on', async () => {
    const { log, peer } = await meet(role);
    peer.send(pong('unasked'), text('next'));
    expect((await log.next('pong')).data).toBe('unasked');
    expect((await log.next('message')).data).toBe('next');
  });
});
