import type { Screen } from '../conversation/screen.ts';
import type { Environment } from '../terminal/environment.ts';
import { JsonScreen } from './json-screen.ts';
import { PipeScreen } from './pipe-screen.ts';
import { TerminalScreen } from './terminal-screen.ts';
import type { ViewPlan } from './view-plan.ts';

/**
 * The right screen for what stdin and stdout are. `onInterrupt` is called for Ctrl-C where it is no signal; `given`
 * are lines to take in place of the input.
 */
export function openScreen(
  environment: Environment,
  view: ViewPlan,
  given: readonly string[],
  onInterrupt: () => void,
): Screen {
  const { stdin, stdout } = environment;
  if (view.isJson) return new JsonScreen(environment, view, given);
  if (given.length > 0 || stdin.isTTY !== true || stdout.isTTY !== true)
    return new PipeScreen(environment, view, given);
  return new TerminalScreen(environment, view, onInterrupt);
}
