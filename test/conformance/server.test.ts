import { describe, it } from 'vitest';
import { patient } from '../support/patience.ts';
import { checkFamily } from './check-family.ts';
import { families } from './suite.ts';

const TIMEOUT_MS = patient(60_000);

describe('the server, against a client that the suite plays', () => {
  for (const family of families) {
    const name = `behaves in the cases of ${family.name} as the RFC says and as was committed`;
    it(name, () => checkFamily(family, 'server', false), TIMEOUT_MS);
  }
});
