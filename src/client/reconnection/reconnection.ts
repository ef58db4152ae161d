import type { WebSocketCloseInfo, WebSocketErrorInfo } from '../../connection/messages/messages.ts';
import { ConnectError } from '../../errors.ts';
import { CloseCode, CloseReason } from '../../protocol/websocket/closing/close-codes.ts';
import { isHopeless, toErrorInfo } from '../attempt/error-info.ts';
import type { ClientSettings } from '../client-options.ts';
import { type ReconnectionContext, retryRulesOf } from '../reconnection-options.ts';
import { type Departure, type EndedAttempt, planRetry, type RetryPlan } from './retry-policy.ts';

/** The step that follows an attempt that failed. */
interface AfterFailure {
  readonly errorInfo: WebSocketErrorInfo;
  /** Milliseconds until the next attempt; `undefined` when there is none. */
  readonly waitMs: number | undefined;
}

/** The failures in a row of one client, and what is done about them. */
export class Reconnection {
  /** The last error, once the retries are used up. */
  gaveUp: WebSocketErrorInfo | undefined;
  private readonly settings: ClientSettings;
  private readonly random: () => number;
  private readonly isWanted: (context: ReconnectionContext) => Promise<boolean>;
  private retries = 0;
  private latest: ConnectError | undefined;

  constructor(
    settings: ClientSettings,
    random: () => number,
    isWanted: (context: ReconnectionContext) => Promise<boolean>,
  ) {
    this.settings = settings;
    this.random = random;
    this.isWanted = isWanted;
  }

  async afterFailure(error: unknown): Promise<AfterFailure> {
    if (!this.settings.automaticReconnection) return { errorInfo: toErrorInfo(error, 0, 0), waitMs: undefined };
    this.latest = error instanceof ConnectError ? error : undefined;
    const retryAfterMs = this.latest?.retryAfterMs;
    const plan = this.plan({ kind: 'failed', isHopeless: this.isHopeless(error), retryAfterMs });
    if (plan.kind !== 'retry') {
      const errorInfo = toErrorInfo(error, plan.kind === 'stop' ? 0 : plan.retries, 0);
      if (plan.kind === 'giveUp') this.giveUp(plan.retries, errorInfo.reason);
      return { errorInfo, waitMs: undefined };
    }
    const errorInfo = toErrorInfo(error, plan.retries, plan.waitMs);
    if (await this.isWanted({ type: 'error', errorInfo })) return { errorInfo, waitMs: plan.waitMs };
    return { errorInfo: { ...errorInfo, waitTime: 0 }, waitMs: undefined };
  }

  /** Milliseconds until the next attempt; `undefined` when there is none. */
  async afterClose(closeInfo: WebSocketCloseInfo, uptimeMs: number): Promise<number | undefined> {
    if (!this.settings.automaticReconnection) return undefined;
    const plan = this.plan({ kind: 'closed', uptimeMs, departure: departureOf(closeInfo) });
    if (plan.kind === 'giveUp') {
      this.latest = undefined;
      this.giveUp(plan.retries, `the connection was closed with ${closeInfo.code} after ${Math.round(uptimeMs)} ms`);
    }
    if (plan.kind !== 'retry') return undefined;
    const { retries, waitMs } = plan;
    const isWanted = await this.isWanted({ type: 'close', closeInfo, uptimeMs, retries, waitTime: waitMs });
    return isWanted ? waitMs : undefined;
  }

  private plan(ended: EndedAttempt): RetryPlan {
    const plan = planRetry(ended, this.retries, retryRulesOf(this.settings), this.random);
    if (plan.kind !== 'stop') this.retries = plan.retries;
    return plan;
  }

  /** Tells if nothing will mend it: a url that is wrong stays wrong, unless another is made for the next attempt. */
  private isHopeless(error: unknown): boolean {
    const isRenewed = typeof this.settings.url === 'function' && error instanceof ConnectError;
    return isHopeless(error) && !(isRenewed && error.code === 'invalidUrl');
  }

  private giveUp(retries: number, reason: string): void {
    const { latest } = this;
    const details = { httpStatus: latest?.httpStatus, cause: latest };
    const message = `Gave up after ${retries} attempts: ${reason}`;
    this.gaveUp = toErrorInfo(new ConnectError('gaveUp', latest?.phase ?? 'open', message, details), retries, 0);
  }
}

function departureOf({ code, reason, remote, layer }: WebSocketCloseInfo): Departure {
  if (layer === 'transport') return reason === CloseReason.Terminated ? 'single' : 'gone';
  // A server that does not answer pings is gone as well.
  if (!remote) return reason === CloseReason.PingTimeout ? 'gone' : 'single';
  if (code === CloseCode.TryAgainLater) return 'busy';
  return code === CloseCode.GoingAway || code === CloseCode.ServiceRestart ? 'gone' : 'single';
}
