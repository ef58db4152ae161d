import { describe, expect, test } from 'vitest';
import { prepareMessage, type WebSocketFrame } from '../../src/index.ts';
import { FrameObserver } from '../../src/protocol/websocket/frames/frame-tap.ts';
import { eventually, turns } from '../support/eventually.ts';
import { frame, RFC_MASK } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectPair, startEchoServer, startServer } from '../support/running.ts';

const brief = ({ incoming, opcode, fin, compressed, payload }: WebSocketFrame): string =>
  `${incoming ? '<' : '>'}${opcode}${fin ? '' : '…'}${compressed ? 'z' : ''} ${payload.length > 60 ? payload.length : payload.toString()}`;

describe('a tap', () => {
  test('shows what is sent and received, on both sides', async () => {
    const frames: string[] = [];
    const theirs: WebSocketFrame[] = [];
    const { client, peer, log, peerLog } = await connectPair();
    client.onFrame((seen) => void frames.push(brief(seen)));
    peer.onFrame((seen) => void theirs.push(seen));
    client.send('hello');
    client.send(Buffer.alloc(100_000));
    client.ping('p');
    await log.next('pong');
    peer.sendPrepared(prepareMessage('prepared'));
    peer.sendPrepared(prepareMessage('x'.repeat(70_000)));
    await log.atLeast('message', 2);
    await client.send('in fragments', () => undefined);
    client.close(3000, 'bye');
    await peerLog.next('close');
    await log.next('close');
    expect(frames).toEqual([
      '>1 hello',
      '>2 100000',
      '>9 p',
      '<10 p',
      '<1 prepared',
      '<1 70000',
      '>1 in fragments',
      '>8 \u000b\ufffdbye',
      '<8 \u000b\ufffdbye',
    ]);
    expect(theirs.map(brief)).toEqual(frames.map((line) => (line.startsWith('<') ? '>' : '<') + line.slice(1)));
    expect(theirs.filter(({ incoming }) => incoming).every(({ masked }) => masked)).toBe(true);
    expect(theirs[0]).toEqual({
      incoming: true,
      fin: true,
      opcode: 1,
      compressed: false,
      masked: true,
      payload: Buffer.from('hello'),
      wireSize: 11,
    });
  });

  test('shows fragments one by one, and compressed messages as they are', async () => {
    const frames: WebSocketFrame[] = [];
    const { client, peerLog } = await connectPair(
      { perMessageDeflate: true },
      { perMessageDeflate: { threshold: 100 }, fragmentSize: 10 },
    );
    client.onFrame((seen) => void frames.push(seen));
    client.send('fifteen letters');
    client.send('a'.repeat(1000));
    await peerLog.atLeast('message', 2);
    expect(frames.slice(0, 2).map(brief)).toEqual(['>1… fifteen le', '>0 tters']);
    expect(frames[2]).toMatchObject({ opcode: 1, compressed: true });
  });

  test('set in the middle of everything begins with a whole frame, and ends when it is taken off', async () => {
    const frames: string[] = [];
    const { server, port } = await startServer();
    const raw = await openRaw(port);
    const [webSocket] = server.getClients();
    webSocket?.on('message', (msg) => {
      if (msg.data === 'now') webSocket.onFrame((seen) => void frames.push(brief(seen)));
      if (msg.data === 'stop') webSocket.onFrame(undefined);
    });
    const send = (payload: string): Buffer => frame({ opcode: 1, payload, mask: RFC_MASK });
    const cut = send('cut in two');
    raw.write(Buffer.concat([send('before'), send('now'), send('in the same read'), cut.subarray(0, 9)]));
    await turns(10);
    raw.write(Buffer.concat([cut.subarray(9), send('behind it')]));
    await turns(10);
    raw.write(send('seen'));
    await eventually('a frame', () => frames.length > 0);
    raw.write(send('stop'));
    await eventually('the last frame', () => frames.length > 1);
    await turns(10);
    raw.write(send('not seen'));
    webSocket?.send('not seen');
    await raw.frames(1);
    expect(frames).toEqual(['<1 seen', '<1 stop']);
  });

  test('shows what waits while reading is paused when it is parsed or before, and everything once', async () => {
    const frames: string[] = [];
    const { client, peer, log } = await connectPair();
    client.on('message', (msg) => {
      if (msg.data === '3') client.pause();
    });
    for (let i = 0; i < 6; i++) peer.send(`${i}`);
    await log.atLeast('message', 4);
    client.onFrame((seen) => void frames.push(brief(seen)));
    client.resume();
    await log.atLeast('message', 6);
    expect(frames).toEqual(['<1 4', '<1 5']);
  });

  test('sees the frames that came with the handshake, and nothing behind a violation', async () => {
    const frames: string[] = [];
    const { port } = await startServer({}, (made) => {
      made.setOnConnectionCallback((webSocket) => webSocket.onFrame((seen) => void frames.push(brief(seen))));
    });
    const raw = await openRaw(port);
    raw.write(frame({ opcode: 1, payload: 'first', mask: RFC_MASK }));
    await eventually('it', () => frames.length === 1);
    raw.write(frame({ opcode: 1, payload: 'not masked' }));
    await eventually('the end', () => frames.some((line) => line.startsWith('>8')));
    for (let i = 0; i < 5; i++) raw.write(frame({ opcode: 1, payload: 'more', mask: RFC_MASK }));
    await turns(10);
    expect(frames.filter((line) => line.startsWith('<'))).toEqual(['<1 first', '<1 not masked']);
  });

  test('that throws does the connection no harm', async () => {
    const errors: unknown[] = [];
    const { client, log } = await connectPair({}, { onCallbackError: (error) => void errors.push(error) });
    client.onFrame(() => {
      throw new Error('mine');
    });
    client.ping();
    await log.next('pong');
    expect(errors).toHaveLength(2);
    expect(() => client.onFrame(5 as never)).toThrow('callback');
  });

  test('of a client is kept when it connects again', async () => {
    const frames: string[] = [];
    const { server, url } = await startEchoServer();
    const { createClient } = await import('../support/running.ts');
    const { client, log } = createClient({ url });
    client.onFrame((seen) => void frames.push(brief(seen)));
    client.start();
    await log.next('open');
    for (const webSocket of server.getClients()) webSocket.close(1001);
    await log.next('close');
    await log.next('open');
    client.send('again');
    await log.next('message');
    expect(frames.slice(-2)).toEqual(['>1 again', '<1 again']);
  });
});

test('an observer sees the same frames however the bytes are cut', () => {
  const bytes = Buffer.concat([
    frame({ opcode: 1, payload: 'Hello', mask: RFC_MASK }),
    frame({ opcode: 9, payload: '' }),
    frame({ opcode: 2, payload: Buffer.alloc(300, 7), fin: false, mask: RFC_MASK }),
    frame({ opcode: 0, payload: Buffer.alloc(70_000, 8), mask: RFC_MASK }),
  ]);
  const observe = (size: number): WebSocketFrame[] => {
    const frames: WebSocketFrame[] = [];
    const observer = new FrameObserver((seen) => void frames.push(seen));
    for (let at = 0; at < bytes.length; at += size) observer.observe(bytes, at, Math.min(bytes.length, at + size));
    return frames;
  };
  const whole = observe(bytes.length);
  expect(whole.map(brief)).toEqual(['<1 Hello', '<9 ', '<2… 300', '<0 70000']);
  for (const size of [1, 2, 3, 7, 1000]) expect(observe(size)).toEqual(whole);
});
