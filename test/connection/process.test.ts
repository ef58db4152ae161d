import { expect, test } from 'vitest';
import { runModule } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { startEchoServer } from '../support/running.ts';

const prelude = `
  const server = new ix.WebSocketServer({ port: 0 });
  const listening = await server.listenAndStart();
  if (!listening.ok) throw listening.error;
  const webSocket = new ix.WebSocket({ url: 'ws://127.0.0.1:' + server.getPort() });
`;

const failing: [name: string, callback: string][] = [
  ['throws', `() => { throw new Error('mine') }`],
  ['rejects', `async () => { throw new Error('mine') }`],
];

test.each(failing)('a callback of a client that %s is logged, and the connection goes on', async (_name, callback) => {
  const result = await runModule(`${prelude}
    webSocket.on('open', ${callback});
    webSocket.on('open', () => setImmediate(async () => {
      console.log(webSocket.getReadyState());
      await webSocket.stop();
      await server.stop();
    }));
    webSocket.start();
  `);
  expect(result).toMatchObject({ code: 0, stdout: 'open\n' });
  expect(result.stderr.match(/a callback failed/g)).toHaveLength(1);
  expect(result.stderr).toContain('Error: mine');
});

test.each(failing)("a callback that %s is an uncaught exception with 'throw'", async (_name, callback) => {
  const result = await runModule(`${prelude}
    process.on('uncaughtException', (error, origin) => {
      console.log(origin, error.message, webSocket.getReadyState());
      process.exit(0);
    });
    webSocket.configure({ onCallbackError: 'throw' });
    webSocket.setOnMessageCallback(${callback});
    webSocket.start();
  `);
  expect(result).toMatchObject({ code: 0, stdout: 'uncaughtException mine open\n' });
});

test.each(failing)(
  'a callback of a server that %s ends its connection, and the process lives',
  async (_name, callback) => {
    const result = await runModule(`${prelude}
    server.setOnClientMessageCallback(${callback});
    webSocket.disableAutomaticReconnection();
    webSocket.on('close', async ({ closeInfo }) => {
      console.log(closeInfo.code, closeInfo.reason);
      await server.stop();
    });
    webSocket.start();
  `);
    expect(result).toMatchObject({ code: 0, stdout: '1011 Internal error\n' });
    expect(result.stderr).toContain('Error: mine');
  },
);

test.each(failing)('a callback of an HTTP server that %s is a 500, and the process lives', async (_name, callback) => {
  const result = await runModule(`
    const server = new ix.HttpServer({ port: 0 });
    const listening = await server.listenAndStart();
    if (!listening.ok) throw listening.error;
    server.setOnConnectionCallback(${callback});
    const client = new ix.HttpClient();
    const url = 'http://127.0.0.1:' + server.getPort() + '/';
    for (let i = 0; i < 2; i++) console.log((await client.get(url)).statusCode);
    await server.stop();
    await client.stop();
  `);
  expect(result).toMatchObject({ code: 0, stdout: '500\n500\n' });
  expect(result.stderr.match(/a callback failed: Error: mine/g)).toHaveLength(2);
});

test.each([
  ['throws', `onCallbackError() { throw new Error('second') }`],
  ['rejects', `async onCallbackError() { throw new Error('second') }`],
])('an onCallbackError that %s is logged', async (_name, option) => {
  const result = await runModule(`
    const webSocket = new ix.WebSocket({ url: 'nonsense', ${option} });
    webSocket.on('error', () => { throw new Error('first') });
    webSocket.start();
  `);
  expect(result.code).toBe(0);
  expect(result.stderr).toContain('Error: second');
  expect(result.stderr).not.toContain('first');
});

test('an error that cannot be shown ends nothing', async () => {
  const result = await runModule(`
    const webSocket = new ix.WebSocket({ url: 'nonsense' });
    const custom = Symbol.for('nodejs.util.inspect.custom');
    webSocket.on('error', () => { throw { [custom]() { throw new Error('no') } } });
    webSocket.start();
  `);
  expect(result.code).toBe(0);
  expect(result.stderr).toContain('a callback failed');
});

test('nothing keeps a process alive when all is stopped', async () => {
  const result = await runModule(`${prelude}
    webSocket.on('open', async () => {
      await webSocket.stop();
      await server.stop();
      console.log('stopped');
    });
    webSocket.start();
  `);
  expect(result).toEqual({ code: 0, stdout: 'stopped\n', stderr: '' });
});

test('unref() before the connection is open holds for it as well', async () => {
  const { url } = await startEchoServer();
  const result = await runModule(`
    const webSocket = new ix.WebSocket({ url: '${url}' });
    webSocket.unref();
    webSocket.on('open', () => console.log('open'));
    webSocket.start();
  `);
  expect(result).toMatchObject({ code: 0, stdout: 'open\n' });
});

test('an open connection keeps a process alive, unless it is unref()ed', async () => {
  const { port } = await startEchoServer();
  const script = (unref: string): string => `
    const webSocket = new ix.WebSocket({ url: 'ws://127.0.0.1:${port}' });
    const { success } = await webSocket.connect();
    console.log(success);
    ${unref}
    setTimeout(() => { console.log('alive'); process.exit(0) }, 300).unref();
  `;
  expect((await runModule(script(''))).stdout).toBe('true\nalive\n');
  expect((await runModule(script('webSocket.unref();'))).stdout).toBe('true\n');
  expect((await runModule(script('webSocket.unref(); webSocket.ref();'))).stdout).toBe('true\nalive\n');
});

test.each(['', 'webSocket.close();'])('what was sent right before process.exit() arrives; %s', async (close) => {
  const { port, server } = await startEchoServer();
  const received: string[] = [];
  server.setOnClientMessageCallback((_state, _webSocket, message) => {
    if (message.type === 'message' || message.type === 'close')
      received.push(message.type === 'close' ? 'close' : `message ${message.data.toString()}`);
  });
  await runModule(`
    const webSocket = new ix.WebSocket({ url: 'ws://127.0.0.1:${port}' });
    const other = new ix.WebSocket({ url: 'ws://127.0.0.1:${port}' });
    await webSocket.connect();
    await other.connect();
    webSocket.send('one');
    other.send('other');
    webSocket.send('x'.repeat(30000));
    webSocket.send('two');
    ${close}
    process.exit(0);
  `);
  await eventually('both ends', () => received.filter((text) => text === 'close').length === 2);
  expect(received.filter((text) => text !== 'close')).toHaveLength(4);
  const own = received.filter((text) => text !== 'message other' && text !== 'close');
  expect(own.map((text) => text.length)).toEqual([11, 30_008, 11]);
});
