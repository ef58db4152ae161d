import { expect, test } from 'vitest';
import { compareWithNode } from './compare-readings.ts';

/** A failure names the seed of its case: `compareWithNode(role, thatSeed, 1)` runs it again. */
const SEED = 1;
const CASES = 5000;

test.each(['request', 'response'] as const)('no %s is read in another way than by Node', async (role) => {
  const outcomes = await compareWithNode(role, SEED, CASES);
  // Neither all valid nor all refused: the comparison would say nothing.
  expect(outcomes.get('read')).toBeGreaterThan(CASES / 4);
  expect(outcomes.get('refused')).toBeGreaterThan(CASES / 4);
});
