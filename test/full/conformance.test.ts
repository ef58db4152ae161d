import { describe, it } from 'vitest';
import { checkFamily } from '../conformance/check-family.ts';
import { families, roles, select } from '../conformance/suite.ts';
import { patient } from '../support/patience.ts';

/* What takes long: messages of 16 MiB, 65 536 fragments, every pair of deflate parameters. */

const TIMEOUT_MS = patient(300_000);

for (const role of roles) {
  describe(`the ${role}, in the heavy cases`, () => {
    for (const family of families) {
      if (select(family, role, true).length === 0) continue;
      const name = `behaves in those of ${family.name} as the RFC says and as was committed`;
      it(name, () => checkFamily(family, role, true), TIMEOUT_MS);
    }
  });
}
