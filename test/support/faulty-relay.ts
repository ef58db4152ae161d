import net from 'node:net';
import { onTestFinished } from 'vitest';

/** What a relay does to the bytes of one connection. */
export type Fault = 'cut' | 'reset' | 'stall' | 'delay' | 'garbage' | 'halfClose' | 'refuse' | 'none';

export interface FaultPlan {
  readonly fault: Fault;
  /** After how many bytes of the server's it strikes. */
  readonly afterBytes: number;
}

export interface FaultyRelay {
  readonly url: string;
  /** Connections that are open to it now, and at the most so far. */
  readonly open: { now: number; most: number };
}

/** Passes bytes between a client and the server on `port`, until the fault that `plan` has for the connection. */
export async function startFaultyRelay(port: number, plan: () => FaultPlan): Promise<FaultyRelay> {
  const sockets = new Set<net.Socket>();
  const open = { now: 0, most: 0 };
  const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.most = Math.max(open.most, ++open.now);
    client.on('close', () => open.now--);
    const server = relay(client, port, plan());
    for (const socket of server === undefined ? [client] : [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `ws://127.0.0.1:${(listener.address() as net.AddressInfo).port}/`, open };
}

/** Longer than anything takes on this machine, shorter than anybody waits. */
const DELAY_MS = 30;

function relay(client: net.Socket, port: number, { fault, afterBytes }: FaultPlan): net.Socket | undefined {
  if (fault === 'refuse') {
    client.destroy();
    return undefined;
  }
  const server = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let left = fault === 'none' ? Infinity : afterBytes;
  client.on('data', (chunk) => void server.write(chunk));
  client.on('end', () => server.end());
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroySoon());
  server.on('data', (chunk) => {
    if (left < 0) return;
    if (chunk.length < left) {
      left -= chunk.length;
      client.write(chunk);
      return;
    }
    const struck = left;
    client.write(chunk.subarray(0, struck), () => strike(client, fault));
    left = -1;
    if (fault !== 'delay') return;
    server.pause();
    setTimeout(() => {
      left = Infinity;
      client.write(chunk.subarray(struck));
      server.resume();
    }, DELAY_MS);
  });
  return server;
}

function strike(client: net.Socket, fault: Fault): void {
  switch (fault) {
    case 'cut':
      client.destroy();
      break;
    case 'reset':
      client.resetAndDestroy();
      break;
    case 'garbage':
      client.write(Buffer.from('ff80c10a0d0a00ff', 'hex'));
      break;
    case 'halfClose':
      client.end();
      break;
    default:
      // Nothing comes any more, and nothing says so.
      break;
  }
}
