import type { WebSocketCloseInfo } from '../../index.ts';
import { ExitCode } from '../terminal/exit-codes.ts';

/** Normal, going away, and no code at all (RFC 6455 section 7.4.1): ends that mean nothing bad. */
const normalCodes: readonly number[] = [1000, 1001, 1005];

/** The exit code of a command whose connection the other side has ended, or that was lost. */
export function exitCodeOfClose({ code }: WebSocketCloseInfo): ExitCode {
  return normalCodes.includes(code) ? ExitCode.Done : ExitCode.Closed;
}
