import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from '../../src/index.ts';
import { runModule } from '../support/child.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { eventually } from '../support/eventually.ts';
import { MessageLog } from '../support/message-log.ts';
import { closedPort } from '../support/raw-server.ts';

const COUNT = 10_000;
const AT_ONCE = 100;

/** Serves until it is told to stop; a message of a client is answered, `memory` with what the process uses. */
const serverSource = `
  const server = new ix.WebSocketServer({ port: Number(process.argv[2]), maxConnections: ${COUNT + 1}, pingIntervalSecs: 3 });
  let pongs = 0;
  server.setOnClientMessageCallback((state, webSocket, msg) => {
    if (msg.type === 'pong') pongs++;
    if (msg.type !== 'message') return;
    if (msg.data === 'memory') {
      gc();
      gc();
      const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage();
      const connections = server.getClients().size - 1;
      webSocket.send(JSON.stringify({ used: heapUsed + external, rss, connections, pongs }));
    } else if (msg.data === 'stop') void server.stop();
    else webSocket.send(msg.data, msg.binary);
  });
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  await server.wait();
`;

interface Figures {
  readonly used: number;
  readonly rss: number;
  readonly connections: number;
  readonly pongs: number;
}

async function connected(url: string): Promise<WebSocket> {
  const client = new WebSocket({ url, perMessageDeflate: false, maxMessageSize: 1024 });
  onTestFinished(() => client.terminate());
  const result = await client.connect({ timeoutSecs: 60 });
  if (!result.success) throw result.errorInfo.cause;
  return client;
}

test('10 000 connections are held, answer heartbeats, echo, and leave nothing behind', async () => {
  const port = await closedPort();
  const url = `ws://127.0.0.1:${port}/`;
  const ended = runModule(serverSource, [String(port)], ['--expose-gc']);
  const control = new WebSocket({ url, minWaitBetweenReconnectionRetries: 10, perMessageDeflate: false });
  onTestFinished(() => void control.stop());
  const answers = new MessageLog(control);
  control.start();
  await answers.next('open');
  const ask = async (): Promise<Figures> => {
    control.send('memory');
    return JSON.parse(String((await answers.next('message')).data)) as Figures;
  };

  // What the code itself needs is there before anything is counted.
  for (let i = 0; i < 200; i++) await (await connected(url)).stop();
  const before = await ask();
  const usedHere = usedBytes();

  const clients: WebSocket[] = [];
  for (let i = 0; i < COUNT; i += AT_ONCE) {
    clients.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => connected(url)))));
  }
  const idle = await ask();
  expect(idle.connections).toBe(COUNT);
  const perConnection = (idle.used - before.used) / COUNT;
  const residentPerConnection = (idle.rss - before.rss) / COUNT;
  const perClient = (usedBytes() - usedHere) / COUNT;
  console.log(
    `memory of ${COUNT} connections: server ${kib(perConnection)} used, ${kib(residentPerConnection)} resident each; ` +
      `client ${kib(perClient)} used each`,
  );
  expect(perConnection).toBeLessThan(12 * 1024);

  let echoes = 0;
  for (const client of clients) {
    client.setOnMessageCallback((msg) => {
      if (msg.type === 'message') echoes++;
    });
    client.send('hello');
  }
  await eventually('every echo', () => echoes === COUNT, 60_000);
  await until(ask, ({ pongs }) => pongs >= 2 * COUNT);
  const talked = await ask();
  expect(talked.connections).toBe(COUNT);
  expect((talked.used - before.used) / COUNT).toBeLessThan(16 * 1024);

  for (const client of clients) client.close();
  await until(ask, ({ connections }) => connections === 0);
  const after = await ask();
  expect(after.used - before.used).toBeLessThan(4 * 1024 * 1024);
  control.disableAutomaticReconnection();
  control.send('stop');
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
});

/** Asks again and again until the figures are right; the time limit of the test bounds it. */
async function until(ask: () => Promise<Figures>, isRight: (figures: Figures) => boolean): Promise<void> {
  while (!isRight(await ask())) await new Promise((resolve) => setTimeout(resolve, 200));
}

function kib(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
