#!/usr/bin/env bash
# proxy-chain answers a request in absolute form whose server refuses the connection with a status of its own, 594
# "Connection Refused". For CONNECT to the same server, which is how TLS and WebSockets come to a proxy, it sends nothing
# at all and ends the connection. A client cannot tell this from a proxy that crashed, or from something that is no proxy.
#
# Package: proxy-chain 2.7.1 (npm). Source: own observation, with Node.js 20. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 120 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts proxy-chain@2.7.1 >/dev/null

cat >"$dir/see.mjs" <<'JS'
import net from 'node:net';
import { Server } from 'proxy-chain';

const proxy = new Server({ port: 0, host: '127.0.0.1' });
await proxy.listen();
// A port on which nobody listens.
const closed = net.createServer();
await new Promise((resolve) => closed.listen(0, '127.0.0.1', resolve));
const authority = `127.0.0.1:${closed.address().port}`;
await new Promise((resolve) => closed.close(resolve));

const ask = (line) =>
  new Promise((resolve) => {
    const socket = net.connect(proxy.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (received.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received.split('\r\n')[0]));
    setTimeout(() => socket.destroy(), 5000);
    socket.write(`${line} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  });
const absolute = await ask(`GET http://${authority}/`);
const connect = await ask(`CONNECT ${authority}`);
console.log('GET in absolute form:', JSON.stringify(absolute));
console.log('CONNECT:', JSON.stringify(connect));
const asSeen = absolute === 'HTTP/1.1 594 Connection Refused' && connect === '';
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 30 node see.mjs
