import { expect } from 'vitest';
import type { Role } from './case.ts';
import { findDifferences, readExpected } from './results.ts';
import { runCases } from './run.ts';
import { createOwnSubject } from './subjects.ts';
import { type Family, select } from './suite.ts';

/** Plays a family against this library; any case that fails, or behaves otherwise than was committed, is an error. */
export async function checkFamily(family: Family, role: Role, isHeavy: boolean): Promise<void> {
  const results = await runCases(select(family, role, isHeavy), role, createOwnSubject(family.setup ?? 'defaults'));
  expect(findDifferences(results, readExpected(role))).toEqual([]);
}
