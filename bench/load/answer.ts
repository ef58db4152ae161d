import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

import type { LoadJob } from '../messages.ts';
import { report } from '../probe.ts';

type AnswerJob = Extract<LoadJob, { kind: 'answer' }>;

const headEnd = '\r\n\r\n';

function serve(socket: Socket, answer: Buffer): void {
  let head = '';
  let bodyLeft = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, chunk.length - at);
        bodyLeft -= taken;
        at += taken;
        if (bodyLeft === 0) socket.write(answer);
        continue;
      }
      const known = head.length;
      head += chunk.toString('latin1', at);
      const end = head.indexOf(headEnd);
      if (end < 0) return;
      at += end + headEnd.length - known;
      bodyLeft = Number(/^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1] ?? 0);
      head = '';
      if (bodyLeft === 0) socket.write(answer);
    }
  });
}

/** A server that knows no more of HTTP than where a request ends, and answers each in the same way. */
export async function runAnswer(job: AnswerJob): Promise<void> {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Length: ${job.size}\r\n\r\n`;
  const answer = Buffer.concat([Buffer.from(head), Buffer.alloc(job.size, 'x')]);
  const server = createServer({ noDelay: true }, (socket) => serve(socket, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
}
