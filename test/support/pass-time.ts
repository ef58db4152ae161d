import { setTimeout as delay } from 'node:timers/promises';

/**
 * Lets real time pass, where the time is what the test is about: somebody is slow, or a deadline must not have come
 * yet. Whoever waits for something waits for its event, or with `eventually`; `test/architecture/no-sleeps.test.ts`
 * lets nobody else set timers.
 */
export async function passTime(ms: number): Promise<void> {
  await delay(ms);
}
