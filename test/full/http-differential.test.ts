import { expect, test } from 'vitest';
import { compareWithNode } from '../protocol/http1/compare-readings.ts';

const SEED = 20_251_203;
const CASES = 300_000;

test.each(['request', 'response'] as const)(
  'no %s among very many is read in another way than by Node',
  async (role) => {
    const outcomes = await compareWithNode(role, SEED, CASES);
    expect(outcomes.get('read')).toBeGreaterThan(CASES / 4);
    expect(outcomes.get('refused')).toBeGreaterThan(CASES / 4);
  },
);
