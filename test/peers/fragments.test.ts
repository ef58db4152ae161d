import { describe, expect, test } from 'vitest';
import type { FrameFields } from '../support/frames.ts';
import { continuation, meet, peerRoles, ping, text } from './meeting.ts';

const face = Buffer.from('😀');

/** Cuts that programs make in what they send, and the messages that it makes. */
const cuts: readonly [peer: string, frames: readonly FrameFields[], messages: readonly string[]][] = [
  ['websocketd 0.4.1, with an empty last fragment', [text('hello', false), continuation('')], ['hello']],
  ['a program whose first fragment is empty', [text('', false), continuation('hello')], ['hello']],
  [
    'a program that sends nothing but empty fragments',
    [text('', false), continuation('', false), continuation('')],
    [''],
  ],
  ['a program that sends an empty text, as daphne 4.0 drops it', [text(''), text('next')], ['', 'next']],
  [
    'a program that cuts inside of a character',
    [text(face.subarray(0, 1), false), continuation(face.subarray(1, 3), false), continuation(face.subarray(3))],
    ['😀'],
  ],
  [
    'golang.org/x/net 0.7, for which each fragment is a message',
    [text('one'), text('two'), text('three')],
    ['one', 'two', 'three'],
  ],
  ['a program that pings inside of a message', [text('a', false), ping('now'), continuation('b')], ['ab']],
  ['Qt 6.4, which leaves out a byte order mark that others send', [text('\ufefftext')], ['\ufefftext']],
];

describe.each(peerRoles)('as %s, messages are put together from the frames of', (role) => {
  test.each(cuts)('%s', async (_peer, frames, messages) => {
    const { log, peer } = await meet(role);
    peer.send(...frames, text('end'));
    await log.atLeast('message', messages.length + 1);
    expect(log.data).toEqual([...messages, 'end']);
  });

  test('a program whose frame comes in as many segments as it has bytes', async () => {
    const { log, peer } = await meet(role);
    for (const byte of peer.bytesOf(text('slow', false), continuation('ly'))) {
      await new Promise((done) => peer.raw.socket.write(Buffer.of(byte), done));
    }
    expect((await log.next('message')).data).toBe('slowly');
  });

  test('lighttpd 1.4.69, which cuts messages inside of a character, until the first that is no text', async () => {
    const { log, peer } = await meet(role);
    peer.send(text('before'), text(face.subarray(0, 2)), text(face.subarray(2)));
    expect((await log.next('close')).closeInfo).toMatchObject({ code: 1007, remote: false, layer: 'websocket' });
    expect(log.data).toEqual(['before']);
  });
});

describe.each(peerRoles)('as %s, programs that do not put fragments together get whole messages', (role) => {
  test('in one frame each: Prosody 0.12 closes with 1003 at the second, x/net 0.7 reads two messages', async () => {
    const { ours, peer } = await meet(role);
    ours.send('x'.repeat(70_000));
    ours.send('y'.repeat(300_000));
    const [first, second] = await peer.raw.frames(2);
    expect([first?.first, first?.payload.length]).toEqual([0x81, 70_000]);
    expect([second?.first, second?.payload.length]).toEqual([0x81, 300_000]);
  });
});
