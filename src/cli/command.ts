import type { Environment } from './environment.ts';
import type { ExitCode } from './exit-codes.ts';

/**
 * A sub-command in two steps. Planning is pure and turns the values of its options into everything it is going to
 * do, or throws `WrongUsage`; executing does it.
 */
export interface Command<V, P> {
  plan(values: V): P;
  execute(plan: P, environment: Environment): Promise<ExitCode>;
}
