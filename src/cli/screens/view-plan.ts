import type { ColourChoice } from '../terminal/colours.ts';
import type { ViewValues } from './view-option-table.ts';

export type BinaryOutput = 'hex' | 'base64' | 'raw';

/** The ways of showing what happens. */
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
  /** The beginning of the lines about the connection, as in the C++ command. */
  readonly label: string;
  /** The text before the line that is typed. */
  readonly prompt: string;
  /** True when lines are kept for the next time. */
  readonly keepsHistory: boolean;
}

export function planView(
  values: ViewValues,
  rest: Pick<ViewPlan, 'binaryOutput' | 'label' | 'prompt' | 'keepsHistory'>,
): ViewPlan {
  const { isVerbose, isQuiet, isJson, withTime, isRaw, colours } = values;
  return { isVerbose, isQuiet, isJson, withTime, isRaw, colours, ...rest };
}
