#!/usr/bin/env bash
# The HTTP server of Deno answers 400, without a body or a reason, to an upgrade request that has `Content-Length: 0`,
# and hangs up. The same request without the field is accepted, and so is `Content-Length: 0` on an ordinary GET. Some HTTP
# libraries add the field to every request, and their WebSocket handshakes then fail with Deno alone.
#
# Package: deno 2.9.6 (npm). Source: own observation, with Node.js 20 as the client. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 240 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts deno@2.9.6 >/dev/null

cat >"$dir/serve.ts" <<'TS'
Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => console.log(`port ${port}`) }, (request) => {
  if (request.headers.get('upgrade') !== 'websocket') return new Response('plain');
  return Deno.upgradeWebSocket(request).response;
});
TS
cat >"$dir/see.mjs" <<'JS'
import { spawn } from 'node:child_process';
import net from 'node:net';

const server = spawn(process.execPath, ['node_modules/deno/bin.cjs', 'run', '--allow-net=127.0.0.1', 'serve.ts'], {
  stdio: ['ignore', 'pipe', 'ignore'],
  detached: true,
});
const end = (code) => {
  try {
    process.kill(-server.pid);
  } catch {}
  process.exit(code);
};
process.once('SIGTERM', () => end(1));
const port = await new Promise((resolve) => {
  let text = '';
  server.stdout.on('data', (data) => {
    text += data;
    const found = /port (\d+)/.exec(text);
    if (found) resolve(Number(found[1]));
  });
  server.on('exit', () => end(1));
});
const ask = (lines) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (!received.includes('\r\n\r\n')) return;
      socket.destroy();
      resolve(received.slice(0, received.indexOf('\r\n')));
    });
    socket.on('error', () => resolve('hung up'));
    socket.write(['GET / HTTP/1.1', 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n'));
  });
const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const seen = {
  upgrade: await ask(upgrade),
  'upgrade with Content-Length: 0': await ask([...upgrade, 'Content-Length: 0']),
  'plain GET with Content-Length: 0': await ask(['Content-Length: 0']),
};
console.log(seen);
const statuses = Object.values(seen).map((line) => line.split(' ')[1]);
const asSeen = statuses.join() === '101,400,200';
console.log(asSeen ? 'as described' : 'changed');
end(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 60 node see.mjs
