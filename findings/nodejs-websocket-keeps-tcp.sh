#!/usr/bin/env bash
# The server of nodejs-websocket answers a close frame with the same code and reason, and then leaves the TCP connection
# open for as long as the client does. RFC 6455 section 7.1.1 wants the server to end it first, so that a client which
# waits for that waits for ever: it needs a deadline, after which it ends the connection itself.
#
# Package: nodejs-websocket 1.7.2 (npm). Source: own observation, with Node.js 20. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 120 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts nodejs-websocket@1.7.2 >/dev/null

cat >"$dir/see.mjs" <<'JS'
import net from 'node:net';
import websocket from 'nodejs-websocket';

const server = websocket.createServer((connection) => connection.on('error', () => undefined));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const socket = net.connect({ port: server.socket.address().port, host: '127.0.0.1', allowHalfOpen: true });
let received = '';
let hasEnded = false;
socket.on('data', (data) => (received += data.toString('latin1')));
socket.on('end', () => (hasEnded = true));
const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const head = 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
socket.write(`${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
await pass(1000);
// Close, 1000 "bye", with a mask of zeros.
socket.write(Buffer.from('8885000000' + '00' + '03e8' + '627965', 'hex'));
await pass(1000);
const answer = received.slice(received.indexOf('\r\n\r\n') + 4);
console.log('answer to the close frame:', Buffer.from(answer, 'latin1').toString('hex'));
await pass(3000);
console.log('TCP ended by the server within 4 s of the close frame:', hasEnded);
const asSeen = answer === '\x88\x05\x03\xe8bye' && !hasEnded;
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 30 node see.mjs
