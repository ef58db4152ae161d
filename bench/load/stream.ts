import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import type { LoadJob } from '../messages.ts';
import { cpuMicros, report } from '../probe.ts';
import { clientCloseFrame, headerBytes, payloadOf, serverCloseFrame, serverFrame } from './frames.ts';
import { RawClient } from './raw-client.ts';

type StreamJob = Extract<LoadJob, { kind: 'stream' }>;
type DrainJob = Extract<LoadJob, { kind: 'drain' }>;

const blockBytes = 256 * 1024;

async function stream(socket: Socket, frame: Buffer, count: number): Promise<void> {
  const framesInBlock = Math.max(1, Math.floor(blockBytes / frame.length));
  const block = Buffer.concat(Array.from({ length: framesInBlock }, () => frame));
  for (let left = count; left > 0 && socket.writable; left -= framesInBlock) {
    const part = left < framesInBlock ? block.subarray(0, left * frame.length) : block;
    if (!socket.write(part)) await once(socket, 'drain');
  }
}

function accept(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
  const hash = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${hash}\r\n\r\n`
  );
}

function serve(socket: Socket, frame: Buffer): void {
  let head = '';
  let isOpen = false;
  // A measured client may leave as soon as it has counted the last message.
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (isOpen) {
      // Nothing but a close frame is expected.
      socket.end(serverCloseFrame);
      return;
    }
    head += chunk.toString('latin1');
    if (!head.includes('\r\n\r\n')) return;
    isOpen = true;
    socket.write(accept(head));
    stream(socket, frame, Number(/^GET \/(\d+)/.exec(head)?.[1])).catch(() => socket.destroy());
  });
}

/** A server that knows only the upgrade, and then sends as many equal text messages as the path says. */
export async function runStream(job: StreamJob): Promise<void> {
  const frame = serverFrame(payloadOf(job.size, false), false);
  const server = createServer({ noDelay: true }, (socket) => serve(socket, frame));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
}

/** The other side: asks a push server for messages and counts their bytes. */
export function runDrain(job: DrainJob): void {
  const total = job.count * (headerBytes(job.size) + job.size);
  let startCpu = 0;
  let startMs = 0;
  let received = 0;
  const client = new RawClient({
    port: job.port,
    path: `/${job.count}`,
    onOpen: () => {
      startCpu = cpuMicros();
      startMs = performance.now();
    },
    onBytes: (_bytes, length) => {
      received += length;
      if (received < total) return;
      const ms = performance.now() - startMs;
      report({ kind: 'done', count: job.count, ms, cpuMicros: cpuMicros() - startCpu });
      client.socket.write(clientCloseFrame);
    },
  });
}
