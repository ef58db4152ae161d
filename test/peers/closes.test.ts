import { describe, expect, test } from 'vitest';
import { explain, type WebSocketCloseInfo } from '../../src/index.ts';
import type { FrameFields } from '../support/frames.ts';
import { close, meet, peerRoles, type ScriptedPeer, text } from './meeting.ts';

type Outcome = Pick<WebSocketCloseInfo, 'code' | 'reason' | 'remote' | 'layer'>;

const byUs = (code: number, reason: string): Outcome => ({ code, reason, remote: false, layer: 'websocket' });
const byThem = (code: number, reason: string): Outcome => ({ code, reason, remote: true, layer: 'websocket' });

const brokenAnswer = (reason: string): Outcome => ({
  code: 1006,
  reason: `${reason}, before an answer to the close frame`,
  remote: false,
  layer: 'transport',
});

/** An answer to a close frame of ours, and what that comes to. */
interface Answer {
  readonly peer: string;
  readonly ours: readonly [code: number, reason: string];
  readonly answer: (peer: ScriptedPeer) => void;
  readonly outcome: Outcome;
  readonly says: RegExp;
}

const answers: readonly Answer[] = [
  {
    peer: 'weechat 3.8, aria2 1.36 and most others, which echo code and reason',
    ours: [1000, 'bye'],
    answer: (peer) => peer.hangUp(close(1000, 'bye')),
    outcome: byUs(1000, 'bye'),
    says: /^This side closed the connection in order/,
  },
  {
    peer: 'websocketd 0.4.1 and em-websocket 0.5.1, which echo the code alone',
    ours: [4001, 'bye'],
    answer: (peer) => peer.hangUp(close(4001)),
    outcome: byUs(4001, 'bye'),
    says: /^This side closed with code 4001/,
  },
  {
    peer: 'a program that answers without a code',
    ours: [1000, 'bye'],
    answer: (peer) => peer.hangUp(close()),
    outcome: byUs(1000, 'bye'),
    says: /^This side/,
  },
  {
    peer: 'Prosody 0.12, with a reason of its own behind the answers to requests',
    ours: [1000, 'bye'],
    answer: (peer) => peer.hangUp(text('<answer/>'), close(1000, 'Goodbye')),
    outcome: byThem(1000, 'Goodbye'),
    says: /^The other side closed the connection in order\. Nothing is wrong\. It said: Goodbye\.$/,
  },
  {
    peer: 'Chromium 156, whose DevTools answer 1000 to every code',
    ours: [4001, 'bye'],
    answer: (peer) => peer.hangUp(close(1000)),
    outcome: byThem(1000, ''),
    says: /^The other side closed the connection in order/,
  },
  {
    peer: 'the npm package websocket 1.0.35, which answers 1000 to every code, without a reason',
    ours: [1012, 'restart'],
    answer: (peer) => peer.hangUp(close(1000)),
    outcome: byThem(1000, ''),
    says: /^The other side closed the connection in order/,
  },
  {
    peer: 'SWI-Prolog 9.0, which answers 1000 "bye" to every code',
    ours: [1001, ''],
    answer: (peer) => peer.hangUp(close(1000, 'bye')),
    outcome: byThem(1000, 'bye'),
    says: /It said: bye\.$/,
  },
  {
    peer: 'libwebsockets 4.1.6 and Yaws 2.1.1, which answer 1012 with 1002 and its reason',
    ours: [1012, 'restart'],
    answer: (peer) => peer.hangUp(close(1002, 'restart')),
    outcome: byThem(1002, 'restart'),
    says: /It said: restart\. Some libraries also answer a close code with 1002 that they do not know, such as 1012: send 1001/,
  },
  {
    peer: 'Tomcat 10.1, Cowboy and faye-websocket 0.11, which answer 1012 with 1002',
    ours: [1012, 'restart'],
    answer: (peer) => peer.hangUp(close(1002)),
    outcome: byThem(1002, ''),
    says: /such as 1012: send 1001/,
  },
  {
    peer: 'Qt 5.15 and 6.4, which answer 1012 with 1002 and words of their own',
    ours: [1012, ''],
    answer: (peer) => peer.hangUp(close(1002, 'Invalid close code 1002 detected.')),
    outcome: byThem(1002, 'Invalid close code 1002 detected.'),
    says: /It said: Invalid close code 1002 detected\. Some/,
  },
  {
    peer: 'eventlet 0.33, which answers 1012 with 1002 and words of its own',
    ours: [1012, 'restart'],
    answer: (peer) => peer.hangUp(close(1002, 'Unexpected close status code.')),
    outcome: byThem(1002, 'Unexpected close status code.'),
    says: /It said: Unexpected close status code\. Some/,
  },
  {
    peer: 'R httpuv 1.6.9, tcllib 1.21, InspIRCd 3.15, cockpit-ws 287 and x/net 0.7, which end TCP without a close frame',
    ours: [1000, 'bye'],
    answer: (peer) => peer.hangUp(),
    outcome: { code: 1006, reason: 'Ended without an answer to the close frame', remote: false, layer: 'transport' },
    says: /^This side closed, and the other side ended the connection without the close frame.*most likely nothing is wrong/,
  },
  {
    peer: 'a program that resets TCP',
    ours: [1000, 'bye'],
    answer: (peer) => void peer.raw.socket.resetAndDestroy(),
    outcome: { code: 1006, reason: 'Reset before an answer to the close frame', remote: false, layer: 'transport' },
    says: /^This side closed, and the connection broke before.*It is not known/,
  },
  {
    peer: 'broadwayd 3.24, which ignores a close frame',
    ours: [1000, 'bye'],
    answer: () => undefined,
    outcome: { code: 1006, reason: 'Close timeout', remote: false, layer: 'transport' },
    says: /^This side closed, and the other side neither answered nor ended the connection within closeTimeoutSecs\./,
  },
  {
    peer: 'nginx 1.22, nghttpx and hitch, when they lose the answer: the stream ends',
    ours: [1000, ''],
    answer: (peer) => peer.hangUp(),
    outcome: { code: 1006, reason: 'Ended without an answer to the close frame', remote: false, layer: 'transport' },
    says: /ended the connection without the close frame/,
  },
  {
    peer: 'gevent-websocket 0.10, which answers 1012 without a code',
    ours: [1012, 'restart'],
    answer: (peer) => peer.hangUp(close()),
    outcome: byUs(1012, 'restart'),
    says: /^This side is restarting/,
  },
  {
    peer: 'gevent-websocket 0.10, whose code is the begin of a text',
    ours: [1000, 'bye'],
    answer: (peer) => peer.hangUp({ opcode: 8, payload: "bytearray(b'bye')" }),
    outcome: brokenAnswer('Invalid close code: 25209'),
    says: /^This side closed, and the other side broke the protocol in place of an answer\. The reason: Invalid close code: 25209,/,
  },
  {
    peer: 'lighttpd 1.4.69, with the text "1000" for a code',
    ours: [1000, 'bye'],
    answer: (peer) => peer.hangUp({ opcode: 8, payload: '1000' }),
    outcome: brokenAnswer('Invalid close code: 12592'),
    says: /broke the protocol in place of an answer\. The reason: Invalid close code: 12592,/,
  },
  {
    peer: 'ws4py 0.5.1, which answers 1012 with 1005 on the wire',
    ours: [1012, 'restart'],
    answer: (peer) => peer.hangUp(close(1005, 'Invalid Closing Frame Code: 1012')),
    outcome: brokenAnswer('Invalid close code: 1005'),
    says: /^This side closed, and the other side broke the protocol in place of an answer\./,
  },
];

describe.each(peerRoles)('as %s, our close is answered by', (role) => {
  test.each(answers)('$peer', async ({ ours: [code, reason], answer, outcome, says }) => {
    const { ours, log, peer } = await meet(role);
    ours.close(code, reason);
    const [frame] = await peer.raw.frames(1);
    expect(frame?.payload.readUInt16BE(0)).toBe(code);
    expect(peer.raw.hasEnded, 'nginx loses the answer when the stream ends right behind a close frame').toBe(false);
    answer(peer);
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject(outcome);
    expect(explain(closeInfo)).toMatch(says);
    expect(explain(closeInfo)).not.toMatch(/undefined|\.\./);
  });
});

/** Close frames that programs send of themselves, what ours sends back, and what that comes to. */
interface TheirClose {
  readonly peer: string;
  readonly frames: readonly FrameFields[];
  readonly reply: Buffer;
  readonly outcome: Outcome;
  readonly says: RegExp;
}

const payload = (code: number, reason = ''): Buffer => Buffer.from(close(code, reason).payload ?? '');

const theirs: readonly TheirClose[] = [
  {
    peer: 'nats-server 2.9, "Client Closed"',
    frames: [close(1000, 'Client Closed')],
    reply: payload(1000, 'Client Closed'),
    outcome: byThem(1000, 'Client Closed'),
    says: /It said: Client Closed\.$/,
  },
  {
    peer: 'a program that closes without a code',
    frames: [close()],
    reply: Buffer.alloc(0),
    outcome: byThem(1005, 'No status code'),
    says: /^The other side closed the connection without giving a code/,
  },
  {
    peer: 'websockify 0.10, nats-server 2.9 and ws4py 0.5 (which does it twice), with 1005 on the wire',
    frames: [close(1005), close(1005)],
    reply: payload(1002, 'Invalid close code: 1005'),
    outcome: byUs(1002, 'Invalid close code: 1005'),
    says: /The reason: Invalid close code: 1005\.$/,
  },
  {
    peer: 'gevent-websocket 0.10, whose code is the begin of a text',
    frames: [{ opcode: 8, payload: "bytearray(b'bye')" }],
    reply: payload(1002, 'Invalid close code: 25209'),
    outcome: byUs(1002, 'Invalid close code: 25209'),
    says: /The reason: Invalid close code: 25209\.$/,
  },
  {
    peer: 'lighttpd 1.4.69, with the text "1000" for a code',
    frames: [{ opcode: 8, payload: '1000' }],
    reply: payload(1002, 'Invalid close code: 12592'),
    outcome: byUs(1002, 'Invalid close code: 12592'),
    says: /The reason: Invalid close code: 12592\.$/,
  },
  {
    peer: 'Mojolicious 9.31, with two close frames',
    frames: [close(1009), close(1009)],
    reply: payload(1009),
    outcome: byThem(1009, ''),
    says: /larger than it accepts/,
  },
  {
    peer: 'Tomcat 10.1, when its stream is ended without a close frame',
    frames: [close(1002, 'The client did not close')],
    reply: payload(1002, 'The client did not close'),
    outcome: byThem(1002, 'The client did not close'),
    says: /violation of the WebSocket protocol/,
  },
  {
    peer: 'Caddy 2.6 on its stop, with 1001 to both',
    frames: [close(1001)],
    reply: payload(1001),
    outcome: byThem(1001, ''),
    says: /is going away/,
  },
  {
    peer: 'bun 1.4.5, for what it takes for an unmasked frame',
    frames: [close(1002, 'Received an incorrectly masked frame')],
    reply: payload(1002, 'Received an incorrectly masked frame'),
    outcome: byThem(1002, 'Received an incorrectly masked frame'),
    says: /It said: Received an incorrectly masked frame\./,
  },
  {
    peer: 'websockify 0.10, for an empty first fragment',
    frames: [close(1002, 'Procotol error: Unexpected continuation frame')],
    reply: payload(1002, 'Procotol error: Unexpected continuation frame'),
    outcome: byThem(1002, 'Procotol error: Unexpected continuation frame'),
    says: /It said: Procotol error/,
  },
];

describe.each(peerRoles)('as %s, a close is taken and answered of', (role) => {
  test.each(theirs)('$peer', async ({ frames, reply, outcome, says }) => {
    const { log, peer } = await meet(role);
    peer.send(...frames);
    const [frame] = await peer.raw.frames(1);
    expect(frame).toMatchObject({ first: 0x88 });
    expect(frame?.payload.equals(reply)).toBe(true);
    peer.hangUp();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject(outcome);
    expect(explain(closeInfo)).toMatch(says);
  });

  test('nodejs-websocket 1.7.2, which never ends TCP', async () => {
    const { ours, log, peer } = await meet(role);
    ours.close(1000, 'bye');
    await peer.raw.frames(1);
    peer.send(close(1000, 'bye'));
    expect((await log.next('close')).closeInfo).toMatchObject(byUs(1000, 'bye'));
    await peer.raw.gone();
  });

  test('a program that ends TCP in the middle, without any close frame', async () => {
    const { log, peer } = await meet(role);
    peer.send(text('last'));
    peer.hangUp();
    expect((await log.next('message')).data).toBe('last');
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
    expect(explain(closeInfo)).toMatch(/^The connection broke without a closing handshake/);
  });

  test('a program that resets TCP', async () => {
    const { log, peer } = await meet(role);
    peer.raw.socket.resetAndDestroy();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1006, remote: true, layer: 'transport' });
    expect(explain(closeInfo)).toMatch(/ECONNRESET/);
  });
});

test('Caddy 2.6 closes towards our server without a mask, which is a violation that is explained', async () => {
  const { log, peer } = await meet('client');
  peer.send({ ...close(1001), mask: undefined });
  const { closeInfo } = await log.next('close');
  expect(closeInfo).toMatchObject(byUs(1002, 'Client frame is not masked'));
  expect(explain(closeInfo)).toMatch(/Caddy 2\.6 closes so when it stops/);
});

test('a close that comes while ours is on its way counts, since nobody knows what was read', async () => {
  for (const role of peerRoles) {
    const { ours, log, peer } = await meet(role);
    peer.send(close(1013, 'overloaded'));
    ours.close(1000, 'bye');
    expect((await log.next('close')).closeInfo).toMatchObject(byThem(1013, 'overloaded'));
  }
});

test('terminate() is called so, on either side', async () => {
  for (const role of peerRoles) {
    const { ours, log } = await meet(role);
    ours.terminate();
    const { closeInfo } = await log.next('close');
    expect(closeInfo).toMatchObject({ code: 1006, reason: 'Terminated', remote: false, layer: 'transport' });
    expect(explain(closeInfo)).toMatch(/^This program ended the connection at once, by terminate\(\)/);
  }
});
