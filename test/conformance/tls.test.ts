import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from '../../src/index.ts';
import { patient } from '../support/patience.ts';
import { identity, trusting } from '../support/secure.ts';
import type { Role } from './case.ts';
import { findDifferences, readExpected } from './results.ts';
import { runCases } from './run.ts';
import { createOwnSubject, type Subject } from './subjects.ts';
import { families, select } from './suite.ts';

const keys = { cert: identity.certFile, key: identity.keyFile };

/** The suite speaks TCP: each piece goes on as it comes, in a record of its own. */
function join(one: net.Socket, other: net.Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.setNoDelay(true);
    from.on('data', (bytes) => void to.write(bytes));
    from.on('end', () => void to.end());
    from.on('error', () => void to.destroy());
    from.on('close', (hadError) => void (hadError && to.destroy()));
  }
}

async function listen(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** This library over TLS, in the place of the same over TCP. */
function createSecureSubject(): Subject {
  const plain = createOwnSubject('defaults');
  return {
    ...plain,
    client: {
      async echo(url) {
        const { port, pathname } = new URL(url);
        const bridge = tls.createServer({ ...keys, allowHalfOpen: true }, (socket) => {
          join(socket, net.connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true }));
        });
        const securePort = await listen(bridge);
        const webSocket = new WebSocket({ url: `wss://localhost:${securePort}${pathname}`, tlsOptions: trusting });
        webSocket.setOnMessageCallback((msg) => {
          if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
        });
        const result = await webSocket.connect();
        return result.success ? webSocket.run() : undefined;
      },
    },
    async startServer() {
      const server = new WebSocketServer({ port: 0, tlsOptions: { tls: true, ...identity } });
      server.setOnClientMessageCallback((_state, webSocket, msg) => {
        if (msg.type === 'message') webSocket.send(msg.data, msg.binary);
      });
      await server.listen();
      server.start();
      const bridge = net.createServer({ allowHalfOpen: true }, (socket) => {
        const secure = tls.connect({ port: server.getPort(), host: '127.0.0.1', rejectUnauthorized: false });
        secure.allowHalfOpen = true;
        join(socket, secure);
      });
      const port = await listen(bridge);
      return { port, closeOf: () => undefined, stop: () => server.stop() };
    },
  };
}

describe.each<Role>(['server', 'client'])('the %s over TLS, against the other side that the suite plays', (role) => {
  test.each(['pings', 'close'])(
    'behaves in the cases of %s as over TCP',
    async (name) => {
      const family = families.find((one) => one.name === name);
      if (family === undefined) throw new Error('no such family');
      const results = await runCases(select(family, role, false), role, createSecureSubject());
      expect(findDifferences(results, readExpected(role))).toEqual([]);
    },
    patient(60_000),
  );
});
