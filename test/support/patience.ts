/*
 * How patient the tests are. Every limit that is there so that nothing waits for ever is multiplied by one factor,
 * which a busy or slow machine raises: IXWS_TEST_PATIENCE=5 npm test. Nothing takes longer for it but what fails.
 */

/** Enough for machines that build many things at the same time. */
const ON_CI = 4;

/** The factor: 1, or 4 where the variable `CI` is set, or what `IXWS_TEST_PATIENCE` says. */
export const patience: number = readPatience(process.env);

/** A limit in milliseconds (or in seconds), as long as it has to be on this machine. */
export function patient(limit: number): number {
  return limit * patience;
}

export function readPatience(variables: Readonly<Record<string, string | undefined>>): number {
  const { IXWS_TEST_PATIENCE: text, CI: ci } = variables;
  if (text === undefined || text === '') return ci === undefined || ci === '' || ci === 'false' ? 1 : ON_CI;
  const factor = Number(text);
  if (!(factor >= 1 && factor <= 100)) throw new Error(`IXWS_TEST_PATIENCE must be from 1 to 100, not ${text}`);
  return factor;
}
