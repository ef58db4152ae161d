import { expect, test } from 'vitest';
import { patient } from '../support/patience.ts';
import { disagreementsOnHosts } from '../support/url-hosts.ts';

test('300 000 generated URLs have the host and the port that WHATWG finds', { timeout: patient(60_000) }, () => {
  const { parsed, disagreements } = disagreementsOnHosts(300_000, 2);
  expect(disagreements).toEqual([]);
  expect(parsed).toBeGreaterThan(20_000);
});
