import { UsageError } from '../../errors.ts';
import { checkString } from '../../util/options.ts';
import { isFieldValue } from './tokens.ts';

/** Checks an option that becomes the value of a field. */
export function checkFieldValue(name: string, value: unknown): string {
  const given = checkString(name, value);
  if (isFieldValue(given)) return given.trim();
  throw new UsageError(name, 'holds a line break, a control character or a character above U+00FF');
}
