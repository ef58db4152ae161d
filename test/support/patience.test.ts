import { expect, test } from 'vitest';
import { readPatience } from './patience.ts';

test.each([
  [{}, 1],
  [{ CI: 'true' }, 4],
  [{ CI: 'false' }, 1],
  [{ IXWS_TEST_PATIENCE: '2.5' }, 2.5],
  [{ IXWS_TEST_PATIENCE: '1', CI: 'true' }, 1],
  [{ IXWS_TEST_PATIENCE: '' }, 1],
])('with %o every limit of the tests is multiplied by %d', (variables, factor) => {
  expect(readPatience(variables)).toBe(factor);
});

test.each(['0', 'long', '-1', '1000'])('a factor of %s is refused by name', (text) => {
  expect(() => readPatience({ IXWS_TEST_PATIENCE: text })).toThrow(/^IXWS_TEST_PATIENCE must be from 1 to 100/);
});
