import type { LoadJob } from '../messages.ts';
import { clientFrame, payloadOf } from './frames.ts';
import { openRawClient, type RawClient, repeat } from './raw-client.ts';
import { measured, waitForGo } from './stage.ts';

type IdleJob = Extract<LoadJob, { kind: 'idle' }>;

const concurrency = 32;

async function openIdle(job: IdleJob, frame: Buffer): Promise<RawClient> {
  const client = await openRawClient({ port: job.port });
  if (job.exchanges) {
    await new Promise<void>((resolve) => {
      client.onBytes = () => resolve();
      client.socket.write(frame);
    });
  }
  return client;
}

/** Opens and leaves some connections first, so that code and buffers which a server needs once are not counted. */
export async function runIdle(job: IdleJob): Promise<void> {
  const frame = clientFrame(payloadOf(20, false), false);
  const early: RawClient[] = [];
  await repeat(job.warmCount, concurrency, async () => void early.push(await openIdle(job, frame)));
  for (const client of early) client.leave();
  await waitForGo();
  await measured(async () => {
    await repeat(job.count, concurrency, async () => void (await openIdle(job, frame)));
    return job.count;
  });
}
