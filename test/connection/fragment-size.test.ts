import { describe, expect, test } from 'vitest';
import { readFrames } from '../support/frames.ts';
import { openRaw } from '../support/raw-peer.ts';
import { connectPair, startServer } from '../support/running.ts';

describe('the option fragmentSize', () => {
  test('cuts longer messages into frames of that size, and no others', async () => {
    const { port } = await startServer({ fragmentSize: 10 }, (server) => {
      server.setOnConnectionCallback((webSocket) => {
        webSocket.send('0123456789');
        webSocket.send('0123456789abcdefghijKL');
        webSocket.send(Buffer.alloc(20, 1));
      });
    });
    const raw = await openRaw(port);
    const wireBytes = 12 + (12 + 12 + 4) + (12 + 12);
    await raw.until('all frames', () => raw.bodyLength >= wireBytes);
    const frames = readFrames(raw.body);
    expect(frames.map(({ first, payload }) => [first, payload.length])).toEqual([
      [0x81, 10],
      [0x01, 10],
      [0x00, 10],
      [0x80, 2],
      [0x02, 10],
      [0x80, 10],
    ]);
  });

  test.each([true, false])('changes nothing for the receiver (compressed: %s)', async (perMessageDeflate) => {
    const { client, peerLog } = await connectPair(
      { perMessageDeflate },
      { fragmentSize: 100, perMessageDeflate: perMessageDeflate && { threshold: 0 } },
    );
    const text = Array.from({ length: 2000 }, (_, i) => `ünïcode ${i * 7919}`).join(',');
    const info = client.send(text);
    client.send(Buffer.from(text));
    await client.sendBinary(Buffer.from(text), () => undefined);
    await peerLog.atLeast('message', 3);
    const [first, second, third] = peerLog.of('message');
    expect(first?.data).toBe(text);
    expect(first?.wireSize).toBe(info.wireSize);
    expect(second?.bytes.toString()).toBe(text);
    expect(third?.bytes.toString()).toBe(text);
    expect(peerLog.of('fragment').length).toBeGreaterThan(50);
  });

  test('must be a whole number of at least 1', async () => {
    await expect(connectPair({ fragmentSize: 0 })).rejects.toThrow('fragmentSize');
  });
});
