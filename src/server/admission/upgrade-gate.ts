import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { PerMessageDeflateSource } from '../../protocol/websocket/deflate/per-message-deflate-source.ts';
import type { Clock } from '../../util/clock.ts';
import { AddressLimits } from './address-limits.ts';
import type { ResolvedAdmissionOptions } from './admission-options.ts';
import type { Applicant } from './applicant.ts';
import type { HostRule } from './host-rule.ts';
import {
  hostNotAllowed,
  internalError,
  pathNotFound,
  serverFull,
  tooManyConnectionsOfAddress,
  tooManyHandshakesOfAddress,
} from './server-refusals.ts';
import { completeUpgrade, type JudgedUpgrade, judgeUpgrade, type Upgrade } from './server-upgrade.ts';
import { UpgradeCall } from './upgrade-call.ts';
import { type Acceptance, decideUpgrade } from './upgrade-decision.ts';
import { pathOf, type UpgradeCallback } from './upgrade-request.ts';

/** The server that a gate stands before. */
export interface UpgradeGateOwner<D> {
  readonly perMessageDeflate: PerMessageDeflateSource;
  readonly hosts: HostRule | undefined;
  /** True when there is no room for one more, beside `asking` that are being decided about. */
  isFull(asking: number): boolean;
  /** A client may come in. Throws what functions of the user throw, as long as the connection can be refused. */
  onAdmitted(applicant: Applicant, upgrade: Upgrade, data: D): void;
  reportError(error: unknown): void;
}

/** The options that the gate goes by. */
export type UpgradeGateOptions<D> = ResolvedAdmissionOptions<D> & { readonly serverHeader: string };

/** Decides which opening handshakes are completed: by number, address, path, name, origin, and what the user says. */
export class UpgradeGate<D> {
  callback: UpgradeCallback<D> | undefined;
  private readonly owner: UpgradeGateOwner<D>;
  private readonly options: ResolvedAdmissionOptions<D>;
  private readonly serverField: HttpHeaders;
  private readonly addresses: AddressLimits | undefined;
  /** Calls of the callback under way. Each of them has a place in the server, or more would be let in than fit. */
  private asking = 0;

  constructor(owner: UpgradeGateOwner<D>, options: UpgradeGateOptions<D>, clock: Clock) {
    const { maxConnectionsPerIp, maxHandshakesPerMinutePerIp, serverHeader } = options;
    this.owner = owner;
    this.options = options;
    this.callback = options.onUpgrade;
    this.serverField = HttpHeaders.from(serverHeader === '' ? {} : { Server: serverHeader });
    if (maxConnectionsPerIp !== undefined || maxHandshakesPerMinutePerIp !== undefined) {
      this.addresses = new AddressLimits(maxConnectionsPerIp, maxHandshakesPerMinutePerIp, clock);
    }
  }

  /** Lets a client in, or refuses it, at once or when the user has decided. */
  judge(applicant: Applicant): void {
    try {
      const refusal = this.screen(applicant);
      if (refusal !== undefined) {
        applicant.refuse(refusal);
        return;
      }
      const judged = judgeUpgrade(applicant.head, this.options, this.owner.perMessageDeflate, applicant.client.host);
      if ('refusal' in judged) applicant.refuse(judged.refusal);
      else if (this.asks) this.ask(applicant, judged);
      else this.admit(applicant, judged, {});
    } catch (error) {
      this.fail(applicant, error);
    }
  }

  /** Judges what need not be judged by its contents. */
  private screen(applicant: Applicant): Refusal | undefined {
    const { path } = this.options;
    const { remoteIp } = applicant.client;
    if (this.owner.isFull(this.asking)) return serverFull;
    const { addresses } = this;
    if (addresses !== undefined) {
      if (!addresses.takeHandshake(remoteIp)) return tooManyHandshakesOfAddress;
      applicant.place = addresses.takePlace(remoteIp);
      if (applicant.place === undefined) return tooManyConnectionsOfAddress;
    }
    if (path !== undefined && pathOf(applicant.head.target) !== path) return pathNotFound;
    if (this.owner.hosts?.allows(applicant.client, applicant.isOurs) === false) return hostNotAllowed;
    return undefined;
  }

  /** True when functions of the user have a say. */
  private get asks(): boolean {
    const { allowedOrigins, subprotocols } = this.options;
    return this.callback !== undefined || typeof allowedOrigins === 'function' || typeof subprotocols === 'function';
  }

  private ask(applicant: Applicant, judged: JudgedUpgrade): void {
    const { owner } = this;
    const { allowedOrigins, subprotocols, upgradeTimeoutSecs } = this.options;
    const rules = { allowedOrigins, subprotocols, onUpgrade: this.callback };
    const offered = judged.accepted.offeredSubprotocols;
    this.asking++;
    const call = new UpgradeCall({
      onAccepted: (acceptance) => {
        this.asking--;
        try {
          this.admit(applicant, judged, acceptance);
        } catch (error) {
          this.fail(applicant, error);
        }
      },
      onRefused: (refusal) => {
        this.asking--;
        applicant.refuse(refusal);
      },
      onLeft: () => {
        this.asking--;
      },
      onError: (error) => owner.reportError(error),
    });
    call.start(() => decideUpgrade(rules, applicant, offered, call.signal), applicant, upgradeTimeoutSecs * 1000);
  }

  private admit(applicant: Applicant, judged: JudgedUpgrade, acceptance: Acceptance): void {
    // The type of the callback sees to it that there is data where D says so; without a callback D is unknown.
    this.owner.onAdmitted(applicant, completeUpgrade(judged, this.serverField, acceptance), acceptance.data as D);
  }

  private fail(applicant: Applicant, error: unknown): void {
    applicant.refuse(internalError);
    this.owner.reportError(error);
  }
}
