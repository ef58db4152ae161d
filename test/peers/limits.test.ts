import { describe, expect, test } from 'vitest';
import { explain } from '../../src/index.ts';
import type { FrameFields } from '../support/frames.ts';
import { close, meet, peerRoles, ping, text } from './meeting.ts';

/** Objections of programs to a message that is more, or other, than they take, and what an explanation of it says. */
const objections: readonly [
  peer: string,
  frames: readonly FrameFields[],
  code: number,
  reason: string,
  says: RegExp,
][] = [
  [
    'Prosody 0.12, of fragments',
    [close(1003, 'Continuation frames are not supported, RFC 7395 3.3.3')],
    1003,
    'Continuation frames are not supported, RFC 7395 3.3.3',
    /or messages in fragments\./,
  ],
  [
    'Prosody 0.12, of its limit: an error as text, then the end in order',
    [text('<stream:error/>'), close(1000, 'Stream closed')],
    1000,
    'Stream closed',
    /It said: Stream closed\./,
  ],
  [
    'InspIRCd 3.15, of 70 000 bytes',
    [close(1009, 'Huge frames are not supported')],
    1009,
    'Huge frames are not supported',
    /larger than it accepts\. Send smaller messages/,
  ],
  [
    'bun 1.4.5, of its limit',
    [close(1009, 'Received too big message')],
    1009,
    'Received too big message',
    /It said: Received too big message\./,
  ],
  [
    'bun 1.4.5, of text that is no UTF-8',
    [close(1007, 'Received invalid UTF-8')],
    1007,
    'Received invalid UTF-8',
    /could not decode/,
  ],
  [
    'eventlet 0.33, of 17 MB',
    [close(1002, 'Unknown opcode received.')],
    1002,
    'Unknown opcode received.',
    /It said: Unknown opcode received\. Some libraries/,
  ],
  ['eventlet 0.33, of text that is no UTF-8', [close(1011)], 1011, '', /an error that it did not expect/],
];

describe.each(peerRoles)('as %s, an objection is passed on and explained of', (role) => {
  test.each(objections)('%s', async (_peer, frames, code, reason, says) => {
    const { ours, log, peer } = await meet(role);
    ours.send('x'.repeat(70_000));
    await peer.raw.frames(1);
    peer.send(...frames);
    peer.hangUp();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code, reason, remote: true, layer: 'websocket' });
    expect(explain(closeInfo)).toMatch(says);
    expect(log.data).toHaveLength(frames.length - 1);
  });

  test('tornado 6.2 and libsoup 3.2, whose close frame is lost with a reset', async () => {
    const { ours, log, peer } = await meet(role);
    ours.send('x'.repeat(300_000));
    await peer.raw.until('some of the message', () => peer.raw.bodyLength > 1000);
    peer.raw.socket.resetAndDestroy();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
    expect(explain(closeInfo)).toMatch(/^The connection broke without a closing handshake.*The system said: /);
  });

  test('weechat 3.8, which ends TCP at a frame of more than 4096 bytes', async () => {
    const { ours, log, peer } = await meet(role);
    ours.send('x'.repeat(5000));
    await peer.raw.frames(1);
    peer.hangUp();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
  });
});

describe.each(peerRoles)('as %s, a message above our limit', (role) => {
  const limit = { maxMessageSize: 1000 };

  test('is answered with 1009, at the first byte that tells, as aria2 1.36 and others do not', async () => {
    const { log, peer } = await meet(role, { client: limit, server: limit });
    peer.raw.write(peer.bytesOf({ ...text('x'.repeat(1001)) }).subarray(0, role === 'client' ? 8 : 4));
    const [frame] = await peer.raw.frames(1);
    expect(frame?.payload.toString('latin1')).toBe('\x03\xf1Message too big');
    peer.hangUp();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1009, reason: 'Message too big', remote: false, layer: 'websocket' });
    expect(explain(closeInfo)).toMatch(/^This side got a message that is larger than it accepts.*maxMessageSize here/);
  });

  test('in fragments counts as a whole', async () => {
    const { log, peer } = await meet(role, { client: limit, server: limit });
    peer.send(text('x'.repeat(600), false), { opcode: 0, payload: 'y'.repeat(600) });
    peer.hangUp();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1009, remote: false });
  });
});

describe('masks are wanted from clients alone:', () => {
  test('our client masks every frame, since weechat 3.8 and nhooyr 1.8.7 ignore others and nats-server 2.9 hangs up', async () => {
    const { ours, peer } = await meet('server');
    ours.send('text');
    ours.ping('p');
    peer.send(ping('theirs'));
    await peer.raw.frames(3);
    ours.close(1000, 'bye');
    const frames = await peer.raw.frames(4);
    expect(frames.map(({ first }) => first)).toEqual([0x81, 0x89, 0x8a, 0x88]);
    expect(frames.every(({ mask }) => mask !== undefined)).toBe(true);
  });

  test('our server refuses a frame without one, which em-websocket 0.5.1 and websocket 1.0.35 take', async () => {
    const { log, peer } = await meet('client');
    peer.send({ ...text('x'), mask: undefined });
    const [frame] = await peer.raw.frames(1);
    expect(frame?.payload.toString('latin1')).toBe('\x03\xeaClient frame is not masked');
    peer.hangUp();
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1002, remote: false });
    expect(log.data).toEqual([]);
  });

  test('our client refuses a frame with one', async () => {
    const { log, peer } = await meet('server');
    peer.send({ ...text('x'), mask: '01020304' });
    peer.hangUp();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1002, reason: 'Server frame is masked', remote: false });
  });
});
