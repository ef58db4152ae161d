import type { LoadJob } from '../messages.ts';
import { clientCloseFrame } from './frames.ts';
import { RawClient, repeat } from './raw-client.ts';
import { measured, waitForGo } from './stage.ts';

type ConnectJob = Extract<LoadJob, { kind: 'connect' }>;

/** One connection: connect, upgrade, leave; over when the socket is closed. */
function visit(job: ConnectJob): Promise<void> {
  return new Promise((resolve) => {
    new RawClient({
      port: job.port,
      onOpen: (client) => {
        if (job.leave === 'fin') client.leave();
        else client.socket.write(clientCloseFrame);
      },
      onClose: resolve,
    });
  });
}

export async function runConnect(job: ConnectJob): Promise<void> {
  await repeat(job.warmCount, job.concurrency, () => visit(job));
  await waitForGo();
  await measured(async () => {
    await repeat(job.count, job.concurrency, () => visit(job));
    return job.count;
  });
}
