import type { ConformanceCase, Role } from '../case.ts';
export const deflateIsRequired: boolean = false;
export const deflateCases: readonly ConformanceCase[] = [];
export function negotiatesDeflate(_role: Role): boolean {
  return deflateIsRequired;
}
