import { createServer } from 'node:net';

/** Tells whether this machine has `::1`; containers often have not. Asked once. */
export const hasIpv6Loopback: boolean = await new Promise((resolve) => {
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen(0, '::1', () => server.close(() => resolve(true)));
});
