import type { ColourChoice } from '../terminal/colours.ts';
import type { ViewValues } from './view-option-table.ts';

export type BinaryOutput = 'hex' | 'base64' | 'raw';

/** How what happens is shown. */
export interface ViewPlan {
  readonly isVerbose: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
  readonly withTime: boolean;
  /** Received text is left as it is. */
  readonly isRaw: boolean;
  readonly colours: ColourChoice;
  /** `undefined` is what suits the output: a part in hexadecimal on a terminal, the bytes elsewhere. */
  readonly binaryOutput: BinaryOutput | undefined;
  /** What begins the lines about the connection, as in the C++ command. */
  readonly label: string;
  /** Where lines are typed. */
  readonly prompt: string;
  /** Whether lines are kept for the next time. */
  readonly keepsHistory: boolean;
}

export function planView(
  values: ViewValues,
  rest: Pick<ViewPlan, 'binaryOutput' | 'label' | 'prompt' | 'keepsHistory'>,
): ViewPlan {
  const { isVerbose, isQuiet, isJson, withTime, isRaw, colours } = values;
  return { isVerbose, isQuiet, isJson, withTime, isRaw, colours, ...rest };
}
