#!/usr/bin/env bash
# faye-websocket, and with it SockJS and the development servers that are built on them, knows the close codes of RFC 6455
# alone. A close with 1012 (service restart), 1013 (try again later) or 1014 (bad gateway), all registered with IANA, is
# answered with 1002, a protocol error; the reason that comes with 1002 is the one that was sent with the other code, so
# that it reads as if the peer had complained. 1001 and application codes are echoed.
#
# Package: faye-websocket 0.11.4 (npm). Source: own observation, with Node.js 20. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 120 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts faye-websocket@0.11.4 >/dev/null

cat >"$dir/see.mjs" <<'JS'
import http from 'node:http';
import net from 'node:net';
import WebSocket from 'faye-websocket';

const server = http.createServer();
server.on('upgrade', (request, socket, head) => new WebSocket(request, socket, head));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const closeWith = (code, reason) =>
  new Promise((resolve) => {
    const socket = net.connect(server.address().port, '127.0.0.1');
    let received = Buffer.alloc(0);
    let isOpen = false;
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      const at = received.indexOf('\r\n\r\n');
      if (at >= 0 && !isOpen) {
        isOpen = true;
        received = received.subarray(at + 4);
        const payload = Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)]);
        socket.write(Buffer.concat([Buffer.of(0x88, 0x80 | payload.length, 0, 0, 0, 0), payload]));
      }
    });
    socket.on('close', () => resolve(`${received.readUInt16BE(2)} ${received.subarray(4)}`));
    const head = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
    socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  });
const seen = {};
for (const code of [1001, 1012, 1013, 1014, 4001]) seen[code] = await closeWith(code, `was ${code}`);
console.log(seen);
const asSeen =
  JSON.stringify(seen) ===
  '{"1001":"1001 was 1001","1012":"1002 was 1012","1013":"1002 was 1013","1014":"1002 was 1014","4001":"4001 was 4001"}';
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 30 node see.mjs
