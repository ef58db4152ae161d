import type { ConformanceCase, Role } from './case.ts';
import { closeCases } from './cases/close.ts';
import { deflateCasesFor } from './cases/deflate.ts';
import { fragmentationCases } from './cases/fragmentation.ts';
import { framingCases } from './cases/framing.ts';
import { limitCases } from './cases/limits.ts';
import { manyMessageCases } from './cases/many-messages.ts';
import { opcodeCases } from './cases/opcodes.ts';
import { pingCases } from './cases/pings.ts';
import { reservedBitCases } from './cases/reserved-bits.ts';
import { utf8Cases } from './cases/utf8.ts';
import type { Setup } from './subjects.ts';

export interface Family {
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
  /** How the side examined is set up; with its defaults unless it says otherwise. */
  readonly setup?: Setup | undefined;
}

/** Permessage-deflate, once with the library's defaults, and once with its other choices. */
const deflateFamilies: readonly Family[] = [
  { name: 'deflate', cases: deflateCasesFor('defaults') },
  { name: 'deflate-other', cases: deflateCasesFor('otherDeflate'), setup: 'otherDeflate' },
];

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
  ...deflateFamilies,
];

/** The cases of a family that have a meaning for this role. */
export function casesFor(family: Family, role: Role): ConformanceCase[] {
  return family.cases.filter((one) => one.roles === undefined || one.roles.includes(role));
}

/** Those that run in a few milliseconds, or the others. */
export function select(family: Family, role: Role, isHeavy: boolean): ConformanceCase[] {
  return casesFor(family, role).filter((one) => (one.isHeavy ?? false) === isHeavy);
}
