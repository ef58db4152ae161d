import { describe, expect, test } from 'vitest';
import { prepareMessage } from '../../../src/connection/sending/prepare-message.ts';
import type { PreparedMessage } from '../../../src/protocol/websocket/frames/prepared-message.ts';
import {
  createSide,
  receive,
  type Side,
  type SideSettings,
  withoutTakeover,
  withTakeover,
} from '../../support/deflate-pair.ts';

const json = JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ id: i, name: `name ${i}` })));

function send(side: Side, message: PreparedMessage): Buffer {
  const { payload } = message;
  if (payload === undefined) throw new Error('not valid');
  const wireSize = side.endpoint.sendPrepared(message, payload);
  const bytes = side.sink.takeAll();
  expect(wireSize).toBe(bytes.length);
  return bytes;
}

/** The message as the other side reads it. */
function understood(bytes: Buffer, settings: SideSettings): unknown {
  const client = createSide('client', settings);
  receive(client, bytes);
  return client.heard.events;
}

describe('a prepared message', () => {
  test('is the frame that would have been sent without preparing it', () => {
    for (const data of ['', 'Hello', 'wörld', 'x'.repeat(70_000), Buffer.from('00ff', 'hex'), Buffer.alloc(70_000)]) {
      const [one, other] = [createSide('server'), createSide('server')];
      if (typeof data === 'string') one.endpoint.sendText(data, Buffer.byteLength(data));
      else one.endpoint.sendBytes(data, true);
      expect(send(other, prepareMessage(data)).equals(one.sink.takeAll())).toBe(true);
    }
  });

  test('is compressed once for all connections that compress in the same way', () => {
    const message = prepareMessage(json);
    const sides = [createSide('server'), createSide('server')];
    const [first, second] = sides.map((side) => {
      side.endpoint.sendPrepared(message, message.payload ?? Buffer.alloc(0));
      return side.sink.pieces.at(-1);
    });
    // Not equal bytes only: the same ones.
    expect(first?.buffer).toBe(second?.buffer);
    expect(first?.length).toBeLessThan(json.length / 2);
  });

  test('is compressed for each window size by itself', () => {
    const message = prepareMessage(json.repeat(3));
    const plain = send(createSide('server', { options: { threshold: 1e6 } }), message);
    const asItIs = (understood(plain, {}) as unknown[][])[0]?.slice(0, 2) ?? [];
    const sizes = [15, 10].map((serverMaxWindowBits) => {
      const settings = { agreement: { ...withoutTakeover, serverMaxWindowBits } };
      const bytes = send(createSide('server', settings), message);
      expect(understood(bytes, settings)).toMatchObject([[...asItIs, bytes.length]]);
      return bytes.length;
    });
    expect(sizes[1]).toBeGreaterThan(sizes[0] ?? 0);
  });

  test('goes through the history of each connection that has one', () => {
    const settings = { agreement: withTakeover };
    const message = prepareMessage(json);
    const server = createSide('server', settings);
    const client = createSide('client', settings);
    const lengths = [1, 2, 3].map(() => {
      const bytes = send(server, message);
      receive(client, bytes);
      return bytes.length;
    });
    expect(lengths[1]).toBeLessThan((lengths[0] ?? 0) / 3);
    expect(client.heard.events).toHaveLength(3);
  });

  test('that does not shrink, or is too short, is sent as it is', () => {
    const options = { threshold: 10 };
    for (const text of ['short', 'abcdefghijkl']) {
      const message = prepareMessage(text);
      for (let i = 0; i < 2; i++) {
        expect(send(createSide('server', { options }), message)).toHaveLength(2 + text.length);
      }
    }
  });

  test('is masked by a client, with a key of its own each time', () => {
    const client = createSide('client', { options: { threshold: 1000 } });
    const message = prepareMessage('Hello');
    const [first, second] = [send(client, message), send(client, message)];
    expect(first.equals(second)).toBe(false);
    const server = createSide('server');
    receive(server, Buffer.concat([first, second]));
    expect(server.heard.events.map((event) => event[1])).toEqual(['Hello', 'Hello']);
  });

  test('keeps a copy of the bytes it was made of', () => {
    const bytes = Buffer.from('as it was');
    const message = prepareMessage(bytes, false);
    bytes.fill(0);
    expect(send(createSide('server'), message).toString('latin1', 2)).toBe('as it was');
  });

  test.each([
    ['text with a lone surrogate', 'a\ud800'],
    ['bytes that are not UTF-8', Buffer.from('ff', 'hex')],
  ])('that is %s has no payload', (_name, data) => {
    expect(prepareMessage(data, false)).toMatchObject({ payload: undefined, length: 0, isBinary: false });
  });

  test('of something that cannot be sent is not made', () => {
    expect(() => prepareMessage(5 as unknown as string)).toThrow('data');
  });
});
