import { describe, expect, test } from 'vitest';
import { explain } from '../../src/index.ts';
import { openRaw } from '../support/raw-peer.ts';
import { switchingProtocols } from '../support/raw-server.ts';
import { createClient, startServer } from '../support/running.ts';
import { answerAndEnd, failureOf, meet } from './meeting.ts';

const choosing = (protocol: string): Promise<{ url: string }> =>
  answerAndEnd((request) => switchingProtocols(request, { 'Sec-WebSocket-Protocol': protocol }), 'stays');

describe('a subprotocol that was not offered is refused, and named, of', () => {
  test.each([
    ['broadwayd 3.24, which always selects its own', 'broadway', ['chat'], 'which is none of those that were offered'],
    ['lighttpd 1.4.69, which selects one when none was offered', 'binary', [], 'and none was offered'],
    ['a server that writes another case', 'JSON', ['json'], 'which is none of those that were offered'],
    ['a server that selects two', 'a, b', ['a', 'b'], 'which is none of those that were offered'],
    ['a server that sends something odd', 'ch\xe4t\u009b2J', [], 'and none was offered'],
  ])('%s', async (_peer, protocol, subprotocols, offer) => {
    const { url } = await choosing(protocol);
    const info = await failureOf({ url, subprotocols });
    const shown = protocol.replace('\u009b', '\\u{9b}');
    expect(info).toMatchObject({
      code: 'invalidSubprotocol',
      httpStatus: 101,
      reason: `Invalid Sec-WebSocket-Protocol: the server selected ${shown}, which was not offered`,
    });
    expect(explain(info)).toBe(
      `The server chose the subprotocol ${shown}, ${offer}. Offer it with the option subprotocols, or correct the server.`,
    );
  });
});

describe('a subprotocol is agreed on with', () => {
  test.each([
    [
      'RabbitMQ web_mqtt 3.10 and cockpit-ws 287, which select the first, known or not',
      'chat',
      ['chat', 'mqtt'],
      'chat',
    ],
    ['mosquitto 2.0.11, which selects its own', 'mqtt', ['chat', 'mqtt'], 'mqtt'],
    ['mosquitto 2.0.11 and web_stomp 3.10, which select none', undefined, ['chat'], ''],
  ])('%s', async (_peer, protocol, subprotocols, agreed) => {
    const { log } = await meet('server', {
      client: { subprotocols },
      fields: { 'Sec-WebSocket-Protocol': protocol },
    });
    expect((await log.next('open')).openInfo.protocol).toBe(agreed);
  });

  test.each([
    ['on two lines, of which aiohttp 3.8 and SWI-Prolog 9 read the first', 'a\r\nSec-WebSocket-Protocol: chat', 'chat'],
    ['that are known to none', 'a, b', undefined],
    ['with a tab between them', 'a,\tchat', 'chat'],
  ])('a client that offers some %s', async (_how, offers, agreed) => {
    const { port } = await startServer({ subprotocols: ['chat'] });
    const head = await (await openRaw(port, { 'Sec-WebSocket-Protocol': offers })).head();
    expect(/^Sec-WebSocket-Protocol: (.*)\r$/m.exec(head)?.[1]).toBe(agreed);
  });
});

test('all subprotocols are offered on one line, since some servers read only the first', async () => {
  const server = await answerAndEnd((request) => switchingProtocols(request), 'stays');
  const { client } = createClient({ url: server.url, subprotocols: ['a', 'b'] });
  await client.connect();
  expect(server.peers[0]?.text.match(/^Sec-WebSocket-Protocol: .*$/gm)).toEqual(['Sec-WebSocket-Protocol: a,b']);
});
