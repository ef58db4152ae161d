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

test.each([
  ['throws', `() => { throw new Error('mine') }`],
  ['rejects', `async () => { throw new Error('mine') }`],
])('a callback that %s is an uncaught exception by default', async (_name, callback) => {
  const result = await runModule(`${prelude}
    process.on('uncaughtException', (error, origin) => {
      console.log(origin, error.message, webSocket.getReadyState());
      process.exit(0);
    });
    webSocket.setOnMessageCallback(${callback});
    webSocket.start();
  `);
  expect(result).toMatchObject({ code: 0, stdout: 'uncaughtException mine open\n' });
});

test('a callback that throws ends the process when nobody catches it', async () => {
  const result = await runModule(`${prelude}
    webSocket.on('open', () => { throw new Error('mine') });
    webSocket.start();
  `);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('Error: mine');
});

test('an error in onCallbackError itself is an uncaught exception', async () => {
  const result = await runModule(`
    const webSocket = new ix.WebSocket({ url: 'nonsense', onCallbackError() { throw new Error('second') } });
    process.on('uncaughtException', (error) => console.log(error.message));
    webSocket.on('error', () => { throw new Error('first') });
    webSocket.start();
  `);
  expect(result).toMatchObject({ code: 0, stdout: 'second\n' });
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
