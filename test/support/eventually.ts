import { setTimeout as delay } from 'node:timers/promises';
import { patient } from './patience.ts';
import type { Something } from './watch.ts';

const POLL_MS = 5;

/** Polls until `read` gives something truthy, and returns it. For what no event announces. Times `patience`. */
export async function eventually<T>(what: string, read: () => T, withinMs = 5000): Promise<Something<T>> {
  const limitMs = patient(withinMs);
  const deadline = performance.now() + limitMs;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== null && value !== false) return value as Something<T>;
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await delay(POLL_MS);
  }
}

/** Lets `count` turns of the event loop pass, so that what was on its way has had its chance. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
