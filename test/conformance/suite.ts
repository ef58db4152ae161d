import type { ConformanceCase, Role } from './case.ts';
import { closeCases } from './cases/close.ts';
import { deflateCases } from './cases/deflate.ts';
import { fragmentationCases } from './cases/fragmentation.ts';
import { framingCases } from './cases/framing.ts';
import { limitCases } from './cases/limits.ts';
import { manyMessageCases } from './cases/many-messages.ts';
import { opcodeCases } from './cases/opcodes.ts';
import { pingCases } from './cases/pings.ts';
import { reservedBitCases } from './cases/reserved-bits.ts';
import { utf8Cases } from './cases/utf8.ts';

export interface Family {
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}

export const roles: readonly Role[] = ['server', 'client'];

export const families: readonly Family[] = [
  { name: 'framing', cases: framingCases },
  { name: 'pings', cases: pingCases },
  { name: 'reserved-bits', cases: reservedBitCases },
  { name: 'opcodes', cases: opcodeCases },
  { name: 'fragmentation', cases: fragmentationCases },
  { name: 'utf8', cases: utf8Cases },
  { name: 'close', cases: closeCases },
  { name: 'limits', cases: limitCases },
  { name: 'many-messages', cases: manyMessageCases },
  { name: 'deflate', cases: deflateCases },
];

/** The cases of a family that have a meaning for this role. */
export function casesFor(family: Family, role: Role): ConformanceCase[] {
  return family.cases.filter((one) => one.roles === undefined || one.roles.includes(role));
}
