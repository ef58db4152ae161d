import net from 'node:net';

export interface CuttingProxy {
  readonly url: string;
  /** How often it has cut connections so far. */
  readonly cuts: number;
  stop(): void;
}

/**
 * Passes bytes on to `port`, with backpressure, and cuts whoever is connected after each of `cutAfter` bytes in all.
 */
export async function startCuttingProxy(port: number, cutAfter: readonly number[]): Promise<CuttingProxy> {
  const sockets = new Set<net.Socket>();
  const pending = [...cutAfter];
  let passed = 0;
  const cutAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const listener = net.createServer({ noDelay: true }, (client) => {
    const server = net.connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroySoon();
      });
      from.on('data', (chunk) => {
        passed += chunk.length;
        if (passed >= (pending[0] ?? Number.POSITIVE_INFINITY)) {
          pending.shift();
          cutAll();
        } else if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `ws://127.0.0.1:${(listener.address() as net.AddressInfo).port}/`,
    get cuts() {
      return cutAfter.length - pending.length;
    },
    stop() {
      listener.close();
      cutAll();
    },
  };
}
