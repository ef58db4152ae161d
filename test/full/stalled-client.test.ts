import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from '../../src/index.ts';
import { runModule } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { MessageLog } from '../support/message-log.ts';
import { closedPort } from '../support/raw-server.ts';

const CLIENTS = 1000;
/** One run fits into what a client may leave unread, so that only the one that reads nothing misses anything. */
const ROUNDS = 90;
const BYTES = 10_000;

/** Broadcasts when it is asked to, one in each turn, and tells what that cost. */
const serverSource = `
  const server = new ix.WebSocketServer({
    port: Number(process.argv[2]), maxConnections: ${CLIENTS + 2}, perMessageDeflate: false,
    slowConsumer: 'drop-oldest', maxBufferedBytes: 1024 * 1024,
  });
  const text = 'x'.repeat(${BYTES});
  let control;
  server.setOnClientMessageCallback((state, webSocket, msg) => {
    if (msg.type !== 'message') return;
    control = webSocket;
    if (msg.data === 'stop') void server.stop();
    else if (msg.data === 'fill') {
      const last = [...server.getClients()].at(-1);
      for (let i = 0; i < 1000; i++) last.send(text);
      control.send('filled');
    }
    else void broadcast(Number(msg.data));
  });
  async function broadcast(count) {
    const before = process.cpuUsage();
    for (let i = 0; i < count; i++) {
      server.broadcast(i + text, { except: control });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(before);
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      gc();
    }
    const { heapUsed, external } = process.memoryUsage();
    const dropped = server.metrics().messages.dropped;
    control.send(JSON.stringify({ cpuMicros: user + system, used: heapUsed + external, dropped }));
  }
  const result = await server.listenAndStart();
  if (!result.ok) throw result.error;
  await server.wait();
`;

interface Figures {
  readonly cpuMicros: number;
  readonly used: number;
  readonly dropped: number;
}

test('one stalled client among 1 000 costs the others nothing, and memory stays flat', async () => {
  const port = await closedPort();
  const url = `ws://127.0.0.1:${port}/`;
  const ended = runModule(serverSource, [String(port)], ['--expose-gc']);
  const control = new WebSocket({ url, minWaitBetweenReconnectionRetries: 10, perMessageDeflate: false });
  onTestFinished(() => void control.stop());
  const answers = new MessageLog(control);
  control.start();
  await answers.next('open');

  const received: number[] = Array.from({ length: CLIENTS }, () => 0);
  const connect = async (onText: (text: string) => void): Promise<WebSocket> => {
    const client = new WebSocket({ url, perMessageDeflate: false });
    onTestFinished(() => client.terminate());
    client.setOnMessageCallback((msg) => {
      if (msg.type === 'message' && !msg.binary) onText(msg.data);
    });
    const result = await client.connect();
    if (!result.success) throw result.errorInfo.cause;
    return client;
  };
  for (let i = 0; i < CLIENTS; i++) {
    await connect((text) => {
      // In order, without a gap: what a client has got so far is the number of the next.
      if (text.startsWith(`${(received[i] ?? 0) % ROUNDS}x`)) received[i] = (received[i] ?? 0) + 1;
    });
  }
  let rounds = 0;
  const run = async (): Promise<Figures> => {
    control.send(String(ROUNDS));
    const figures = JSON.parse(String((await answers.next('message')).data)) as Figures;
    rounds += ROUNDS;
    await eventually('everybody to have everything', () => received.every((count) => count === rounds), 30_000);
    return figures;
  };

  await run();
  const without = await run();
  expect(without.dropped).toBe(0);
  const stalled = await connect(() => undefined);
  stalled.pause();
  control.send('fill');
  await answers.next('message');
  const first = await run();
  const second = await run();
  const third = await run();
  // It alone misses something: one message of each round.
  expect(second.dropped - first.dropped).toBe(ROUNDS);
  expect(third.dropped - second.dropped).toBe(ROUNDS);
  expect(third.used - without.used).toBeLessThan(4 * 1024 * 1024);
  expect(third.used - first.used).toBeLessThan(1024 * 1024);
  const costs = [first, second, third].map(({ cpuMicros }) => cpuMicros / without.cpuMicros);
  console.log(
    `CPU of ${ROUNDS} broadcasts with a stalled client, as a multiple of without: ${costs.map(twoPlaces).join(', ')}`,
  );
  control.disableAutomaticReconnection();
  control.send('stop');
  expect(await ended).toMatchObject({ code: 0, stderr: '' });
});

function twoPlaces(value: number): string {
  return value.toFixed(2);
}
