import type { Environment } from '../terminal/environment.ts';
import type { ExitCode } from '../terminal/exit-codes.ts';

/**
 * A sub-command in two steps. Planning is pure and turns the values of its options into everything it is going to
 * do, or throws `WrongUsage`; executing does it.
 */
export interface Command<V, P> {
  plan(values: V): P;
  execute(plan: P, environment: Environment): Promise<ExitCode>;
}
