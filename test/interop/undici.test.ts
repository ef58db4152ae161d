import { WebSocket as Undici } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startEchoServer, startServer } from '../support/running.ts';

function open(url: string, protocols: string[] = []): Promise<Undici> {
  const socket = new Undici(url, protocols);
  onTestFinished(() => socket.close());
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(socket));
    socket.addEventListener('error', (event) => reject(event.error));
  });
}

test.each([
  [1000, ''],
  [1000, 'done'],
  [3000, 'ü'],
  [4999, 'x'.repeat(123)],
] as const)('closing with %i %j is seen by both, whoever begins', async (code, reason) => {
  const closes: unknown[] = [];
  const { server, url } = await startServer({}, (made) => {
    made.setOnClientMessageCallback((_state, _webSocket, message) => {
      if (message.type === 'close') closes.push(message.closeInfo);
    });
  });
  const first = await open(url);
  first.close(code, reason);
  await eventually('our end', () => closes.length === 1);
  const second = await open(url);
  const closed = new Promise<[boolean, number, string]>((resolve) => {
    second.addEventListener('close', (event) => resolve([event.wasClean, event.code, event.reason]));
  });
  for (const webSocket of server.getClients()) webSocket.close(code, reason);
  expect(await closed).toEqual([true, code, reason]);
  await eventually('our end', () => closes.length === 2);
  expect(closes).toEqual([
    { code, reason, remote: true, layer: 'websocket' },
    { code, reason, remote: false, layer: 'websocket' },
  ]);
});

test('a subprotocol is agreed on', async () => {
  const { url } = await startServer({ subprotocols: ['json'] });
  expect((await open(url, ['msgpack', 'json'])).protocol).toBe('json');
});

test('pings are answered while messages are echoed', async () => {
  const pongs: string[] = [];
  const { server, url } = await startEchoServer();
  const socket = await open(url);
  const answers: unknown[] = [];
  socket.addEventListener('message', (event) => answers.push(event.data));
  for (const webSocket of server.getClients()) {
    webSocket.on('pong', (message) => pongs.push(message.data));
    for (let i = 0; i < 10; i++) webSocket.ping(`${i}`);
  }
  for (let i = 0; i < 10; i++) socket.send(`${i}`);
  await eventually('all of it', () => pongs.length === 10 && answers.length === 10);
  expect(answers).toEqual(pongs);
});
