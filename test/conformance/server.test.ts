import { describe, it } from 'vitest';
import { checkDeflateFamily, checkFamily } from './check-family.ts';
import { deflateFamilies, families } from './suite.ts';

const TIMEOUT_MS = 60_000;

describe('the server, against a client that the suite plays', () => {
  for (const family of families) {
    const name = `behaves in the cases of ${family.name} as the RFC says and as was committed`;
    if (deflateFamilies.includes(family)) {
      it(name, (context) => checkDeflateFamily(family, 'server', false, context), TIMEOUT_MS);
    } else it(name, () => checkFamily(family, 'server', false), TIMEOUT_MS);
  }
});
