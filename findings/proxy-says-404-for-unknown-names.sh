#!/usr/bin/env bash
# The forward proxy of the package `proxy` answers CONNECT with 404 Not Found when the name of the server has no address,
# and with 500 when the server refuses the connection; other proxies say 502, 503 or 504 for both. So 404 to CONNECT does
# not only come from web servers that are no proxies: here it means the name, and 500 the port.
#
# Package: proxy 2.2.0 (npm). Source: own observation, with Node.js 20. The name is made unknown within the process, so
# that no name server is asked. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 120 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts proxy@2.2.0 >/dev/null

cat >"$dir/see.mjs" <<'JS'
import dns from 'node:dns';
import http from 'node:http';
import net from 'node:net';
import { createProxy } from 'proxy';

const lookup = dns.lookup;
dns.lookup = (name, options, callback) => {
  if (!name.endsWith('.invalid')) return lookup(name, options, callback);
  const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', hostname: name });
  process.nextTick(callback ?? options, error);
};
const listen = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server.address().port;
};
const port = await listen(createProxy(http.createServer()));
const closed = net.createServer();
const refusing = await listen(closed);
await new Promise((resolve) => closed.close(resolve));

const connectTo = (authority) =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data.toString('latin1');
      if (received.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received.split('\r\n')[0]));
    setTimeout(() => socket.destroy(), 5000);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  });
const seen = {
  'unknown name': await connectTo('server.invalid:443'),
  'refused connection': await connectTo(`127.0.0.1:${refusing}`),
};
console.log(seen);
const asSeen = Object.values(seen).map((line) => line.split(' ')[1]).join() === '404,500';
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 30 node see.mjs
