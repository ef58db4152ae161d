import type { LoadJob } from '../messages.ts';
import { createDialogue, type Dialogue } from './dialogue.ts';
import { openRawClient, type RawClient, repeat } from './raw-client.ts';
import { measured, waitForGo } from './stage.ts';
import { Talker } from './talker.ts';

type IdleJob = Extract<LoadJob, { kind: 'idle' }>;

const concurrency = 32;
const plainBytes = 20;
const deflateBytes = 100;

async function openIdle(job: IdleJob, dialogue: Dialogue): Promise<RawClient> {
  const client = await openRawClient({ port: job.port, extensions: dialogue.extensions });
  dialogue.checkExtensions(client.extensions);
  if (job.exchanges) await new Talker(client, dialogue).verify();
  return client;
}

/** Opens and leaves some connections first, so that code and buffers which a server needs once are not counted. */
export async function runIdle(job: IdleJob): Promise<void> {
  const { deflate } = job;
  const size = deflate === undefined ? plainBytes : deflateBytes;
  const dialogue = createDialogue({ size, binary: false, inFlight: 1, deflate });
  const early: RawClient[] = [];
  await repeat(job.warmCount, concurrency, async () => void early.push(await openIdle(job, dialogue)));
  for (const client of early) client.leave();
  await waitForGo();
  await measured(async () => {
    await repeat(job.count, concurrency, async () => void (await openIdle(job, dialogue)));
    return job.count;
  });
}
