/** What the process ends with. */
export const ExitCode = {
  Done: 0,
  /** Could not connect or listen, or what was asked for did not happen. */
  Failed: 1,
  WrongUsage: 2,
  /** Ended by Ctrl-C, as shells count it: 128 and the number of the signal. */
  Interrupted: 130,
  /** Ended by SIGTERM. */
  Terminated: 143,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
