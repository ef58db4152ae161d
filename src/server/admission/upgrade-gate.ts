import type { Refusal } from '../../protocol/http1/head/refusal.ts';
import type { RequestHead } from '../../protocol/http1/head/request-head.ts';
import type { PerMessageDeflateSource } from '../../protocol/websocket/deflate/per-message-deflate-source.ts';
import type { Clock } from '../../util/clock.ts';
import type { ResolvedAdmissionOptions } from '../admission-options.ts';
import { AddressLimits } from './address-limits.ts';
import { type Client, identifyClient, isHostAllowed } from './client-identity.ts';
import type { IncomingConnection } from './incoming-connection.ts';
import {
  hostNotAllowed,
  internalError,
  pathNotFound,
  serverFull,
  tooManyConnectionsOfAddress,
  tooManyHandshakesOfAddress,
} from './server-refusals.ts';
import { completeUpgrade, type JudgedUpgrade, judgeUpgrade, type Upgrade } from './server-upgrade.ts';
import { type Acceptance, UpgradeCall } from './upgrade-call.ts';
import { pathOf, type UpgradeCallback, UpgradeRequest } from './upgrade-request.ts';

/** The server that a gate stands before. */
export interface UpgradeGateOwner<D> {
  readonly perMessageDeflate: PerMessageDeflateSource;
  /** Whether there is no room for one more, beside `asking` that are being decided about. */
  isFull(asking: number): boolean;
  /** A client may come in. Throws what functions of the user throw, as long as the connection can be refused. */
  onAdmitted(admitted: Admitted<D>): void;
  reportError(error: unknown): void;
}

/** A client that may come in. */
export interface Admitted<D> {
  readonly connection: IncomingConnection;
  readonly head: RequestHead;
  readonly client: Client;
  readonly upgrade: Upgrade;
  readonly data: D;
  /** What came behind the request. */
  readonly rest: Buffer;
}

/** An opening handshake on its way through the gate. */
interface Applicant {
  readonly connection: IncomingConnection;
  readonly head: RequestHead;
  readonly client: Client;
  readonly judged: JudgedUpgrade;
}

/** Decides which opening handshakes are completed: by number, address, path, name, origin, and what the user says. */
export class UpgradeGate<D> {
  callback: UpgradeCallback<D> | undefined;
  private readonly owner: UpgradeGateOwner<D>;
  private readonly options: ResolvedAdmissionOptions<D>;
  private readonly addresses: AddressLimits | undefined;
  /** Calls of the callback under way. Each of them has a place in the server, or more would be let in than fit. */
  private asking = 0;

  constructor(owner: UpgradeGateOwner<D>, options: ResolvedAdmissionOptions<D>, clock: Clock) {
    const { maxConnectionsPerIp, maxHandshakesPerMinutePerIp } = options;
    this.owner = owner;
    this.options = options;
    this.callback = options.onUpgrade;
    if (maxConnectionsPerIp !== undefined || maxHandshakesPerMinutePerIp !== undefined) {
      this.addresses = new AddressLimits(maxConnectionsPerIp, maxHandshakesPerMinutePerIp, clock);
    }
  }

  /** Lets a client in, or refuses it, at once or when the user has decided. */
  judge(connection: IncomingConnection, head: RequestHead, rest: Buffer): void {
    try {
      const client = identifyClient(connection.transport, head.headers, this.options.trustedProxies);
      connection.remoteIp = client.remoteIp;
      const refusal = this.screen(connection, head, client);
      if (refusal !== undefined) {
        connection.refuse(refusal);
        return;
      }
      const judged = judgeUpgrade(head, this.options, this.owner.perMessageDeflate, client.host);
      if ('refusal' in judged) connection.refuse(judged.refusal);
      else if (this.callback === undefined) this.admit({ connection, head, client, judged }, {}, rest);
      else this.ask({ connection, head, client, judged }, this.callback, rest);
    } catch (error) {
      this.fail(connection, error);
    }
  }

  /** What need not be judged by its contents. */
  private screen(connection: IncomingConnection, head: RequestHead, client: Client): Refusal | undefined {
    const { path, allowedHosts } = this.options;
    if (this.owner.isFull(this.asking)) return serverFull;
    const { addresses } = this;
    if (addresses !== undefined) {
      if (!addresses.takeHandshake(client.remoteIp)) return tooManyHandshakesOfAddress;
      connection.place = addresses.takePlace(client.remoteIp);
      if (connection.place === undefined) return tooManyConnectionsOfAddress;
    }
    if (path !== undefined && pathOf(head.target) !== path) return pathNotFound;
    if (allowedHosts !== undefined && !isHostAllowed(client.host, allowedHosts)) return hostNotAllowed;
    return undefined;
  }

  private ask(applicant: Applicant, callback: UpgradeCallback<D>, rest: Buffer): void {
    const { connection, head, client } = applicant;
    const { owner } = this;
    this.asking++;
    const call = new UpgradeCall({
      onAccepted: (acceptance) => {
        this.asking--;
        try {
          this.admit(applicant, acceptance, connection.takeHeld());
        } catch (error) {
          this.fail(connection, error);
        }
      },
      onRefused: (refusal) => {
        this.asking--;
        connection.refuse(refusal);
      },
      onLeft: () => {
        this.asking--;
      },
      onError: (error) => owner.reportError(error),
    });
    const request = new UpgradeRequest(head, client, connection.transport.tls, call.signal);
    call.start(() => callback(request), connection, this.options.upgradeTimeoutSecs * 1000, rest);
  }

  private admit(applicant: Applicant, acceptance: Acceptance, rest: Buffer): void {
    const { connection, head, client, judged } = applicant;
    const upgrade = completeUpgrade(judged, acceptance.protocol, acceptance.headers);
    // The type of the callback sees to it that there is data where D says so; without a callback D is unknown.
    this.owner.onAdmitted({ connection, head, client, upgrade, data: acceptance.data as D, rest });
  }

  private fail(connection: IncomingConnection, error: unknown): void {
    connection.refuse(internalError);
    this.owner.reportError(error);
  }
}
