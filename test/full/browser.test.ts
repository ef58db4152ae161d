import { expect, test } from 'vitest';
import { runInChromium } from '../support/chromium.ts';
import { startServer } from '../support/running.ts';

/** What the page does: the body of a function that gets the URL of the server and returns its findings. */
const script = `
  const sizes = [0, 1, 125, 126, 65535, 65536, 1 << 20];
  const findings = {};
  const opened = (socket) => new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
  const message = (socket) => new Promise((resolve) => { socket.onmessage = (event) => resolve(event.data); });
  const closed = (socket) => new Promise((resolve) => {
    socket.onclose = (event) => resolve([event.code, event.reason, event.wasClean]);
  });
  async function run(base) {
    const socket = new WebSocket(base + '/echo?from=page', ['msgpack', 'json']);
    socket.binaryType = 'arraybuffer';
    await opened(socket);
    findings.protocol = socket.protocol;
    findings.text = [];
    findings.binary = [];
    for (const size of sizes) {
      const text = 'ü€'.repeat(size / 5) + 'x'.repeat(size % 5);
      let answer = message(socket);
      socket.send(text);
      findings.text.push((await answer) === text);
      const bytes = new Uint8Array(size).map((_, i) => i * 31 + (i >> 8));
      answer = message(socket);
      socket.send(bytes);
      const back = new Uint8Array(await answer);
      findings.binary.push(back.length === size && back.every((byte, i) => byte === bytes[i]));
    }
    const burst = [];
    const all = new Promise((resolve) => {
      socket.onmessage = (event) => { if (burst.push(event.data) === 1000) resolve(); };
    });
    for (let i = 0; i < 1000; i++) socket.send('n' + i);
    await all;
    findings.burst = burst.every((data, i) => data === 'n' + i);
    let end = closed(socket);
    socket.close(3001, 'from the page ü');
    findings.closedByPage = await end;
    const second = new WebSocket(base + '/close-me');
    findings.closedByServer = await closed(second);
    const third = new WebSocket(base + '/ping-me');
    findings.pong = await message(third);
    third.close();
  }
  await run(input);
  return findings;
`;

test('headless Chromium speaks with the server: echo of all sizes, subprotocol, ping, close codes', async () => {
  const closes: unknown[] = [];
  const { url } = await startServer({ subprotocols: ['json'] }, (server) => {
    server.setOnClientMessageCallback((_state, webSocket, message) => {
      if (message.type === 'open' && message.openInfo.uri === '/close-me') webSocket.close(4321, 'from the server ü');
      if (message.type === 'open' && message.openInfo.uri === '/ping-me') webSocket.ping('are you there?');
      if (message.type === 'pong') webSocket.send(`pong ${message.data}`);
      if (message.type === 'close') closes.push(message.closeInfo);
      if (message.type === 'message') webSocket.send(message.data, message.binary);
    });
  });
  const findings = await runInChromium(script, url.slice(0, -1));
  expect(findings).toEqual({
    protocol: 'json',
    text: Array.from({ length: 7 }, () => true),
    binary: Array.from({ length: 7 }, () => true),
    burst: true,
    closedByPage: [3001, 'from the page ü', true],
    closedByServer: [4321, 'from the server ü', true],
    pong: 'pong are you there?',
  });
  expect(closes).toContainEqual({ code: 3001, reason: 'from the page ü', remote: true, layer: 'websocket' });
  expect(closes).toContainEqual({ code: 4321, reason: 'from the server ü', remote: false, layer: 'websocket' });
});
