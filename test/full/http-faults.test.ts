import { expect, test } from 'vitest';
import { usedBytes } from '../support/collect-garbage.ts';
import { patient } from '../support/patience.ts';
import { surviveHttpFaults } from '../support/survive-http-faults.ts';

test('the HTTP client survives 1000 faults, and leaves no memory behind', { timeout: patient(300_000) }, async () => {
  await surviveHttpFaults(200, 1);
  const before = usedBytes();
  const outcomes = await surviveHttpFaults(800, 2);
  const grownBytes = usedBytes() - before;
  console.log(`${grownBytes} bytes more`, outcomes);
  expect(grownBytes).toBeLessThan(5_000_000);
});
