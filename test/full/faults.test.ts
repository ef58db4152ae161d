import { expect, test } from 'vitest';
import { usedBytes } from '../support/collect-garbage.ts';
import { patient } from '../support/patience.ts';
import { surviveFaults } from '../support/survive-faults.ts';

test('a client survives 1000 faults, and leaves no memory behind', { timeout: patient(300_000) }, async () => {
  await surviveFaults(200, 1);
  const before = usedBytes();
  await surviveFaults(800, 2);
  const grownBytes = usedBytes() - before;
  console.log(`${grownBytes} bytes more, the log of all messages included`);
  expect(grownBytes).toBeLessThan(10_000_000);
});
