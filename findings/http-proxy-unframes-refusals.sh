#!/usr/bin/env bash
# When the server behind http-proxy refuses an upgrade with a chunked response, http-proxy passes the head on as it is,
# `Transfer-Encoding: chunked` included, and behind it the body without any chunk framing. The text of the refusal ("no
# entry") stands where a client has to expect the size of a chunk, so that a strict one reads no body, or an error, and
# the reason for the refusal is lost. Ordinary responses keep their framing.
#
# Package: http-proxy 1.18.1 (npm). Source: own observation, with Node.js 20. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 120 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts http-proxy@1.18.1 >/dev/null

cat >"$dir/see.mjs" <<'JS'
import http from 'node:http';
import net from 'node:net';
import httpProxy from 'http-proxy';

const listen = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};
const body = '3\r\nno \r\n5\r\nentry\r\n0\r\n\r\n';
const refusal = `HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${body}`;
const behind = http.createServer((_request, response) => {
  response.writeHead(403);
  response.write('no ');
  response.end('entry');
});
behind.on('upgrade', (_request, socket) => socket.end(refusal));
const target = `http://127.0.0.1:${await listen(behind)}`;
const proxy = httpProxy.createProxyServer({ target, ws: true });
proxy.on('error', () => undefined);
const front = http.createServer((request, response) => proxy.web(request, response));
front.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head));
const port = await listen(front);

const ask = (lines) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => (received += data.toString('latin1')));
    socket.on('close', () => resolve(received));
    setTimeout(() => socket.destroy(), 2000);
    socket.write(['GET / HTTP/1.1', 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n'));
  });
const upgrade = ['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const refused = await ask(upgrade);
const ordinary = await ask(['Connection: close']);
console.log('refused upgrade:', JSON.stringify(refused));
console.log('ordinary response:', JSON.stringify(ordinary));
const isChunked = (text) => /^transfer-encoding: chunked\r$/im.test(text);
const bodyOf = (text) => text.slice(text.indexOf('\r\n\r\n') + 4);
const asSeen = isChunked(refused) && bodyOf(refused) === 'no entry' && isChunked(ordinary) && bodyOf(ordinary).startsWith('3\r\n');
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 30 node see.mjs
