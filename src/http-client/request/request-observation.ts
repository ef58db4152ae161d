import type { ConnectPhase } from '../../errors.ts';
import { formatStatusLine, type ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { HttpHeaders } from '../../protocol/http1/headers.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import type { Transport } from '../../transport/transport.ts';
import { callSafely } from '../../util/call-safely.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import { withoutSecrets } from './outgoing-head.ts';
import type { RequestSettings } from './request-options.ts';
import { describeRequest } from './request-preparation.ts';
import type { RequestUpload } from './request-upload.ts';

/** The request whose observer and logger are told. */
interface Observed {
  readonly settings: RequestSettings;
  readonly services: { onCallbackError(error: unknown): void };
}

export function observePhase({ settings, services }: Observed, phase: ConnectPhase): void {
  const { observer } = settings;
  if (observer?.onPhase !== undefined) tell(services, () => observer.onPhase?.(phase));
}

export function observeRequest(
  { settings, services }: Observed,
  target: RequestTarget,
  upload: RequestUpload,
  { transport, timesUsed }: { readonly transport: Transport; readonly timesUsed: number },
): void {
  const { verbose, logger, observer } = settings;
  if (verbose) tell(services, () => logger?.(describeRequest(target, upload)));
  if (observer?.onRequest === undefined) return;
  const { remoteAddress, remotePort, tls } = transport;
  const observed = {
    method: target.method,
    url: target.url.href,
    head: withoutSecrets(upload.head.toString('latin1')),
    headSize: upload.head.length,
    remoteAddress,
    remotePort,
    isReused: timesUsed > 0,
    tls,
  };
  tell(services, () => observer.onRequest?.(observed));
}

export function observeResponse(
  { settings, services }: Observed,
  target: RequestTarget,
  { version, status, statusText, headers }: ResponseHead,
  isFinal: boolean,
): void {
  const { observer } = settings;
  if (observer?.onResponse === undefined) return;
  const observed = { url: target.url.href, version, status, statusText, headers, isFinal };
  tell(services, () => observer.onResponse?.(observed));
}

export function observeInterim(
  { settings, services }: Observed,
  target: RequestTarget,
  { version, status, statusText, headers }: ResponseHead,
): void {
  const { observer } = settings;
  if (observer?.onInterim === undefined) return;
  const observed = { url: target.url.href, version, status, statusText, headers };
  tell(services, () => observer.onInterim?.(observed));
}

export function observeTrailers({ settings, services }: Observed, trailers: HttpHeaders): void {
  const { observer } = settings;
  if (observer?.onTrailers !== undefined) tell(services, () => observer.onTrailers?.(trailers));
}

/** For the option `verbose`. */
export function logResponse({ settings, services }: Observed, head: ResponseHead, framing: BodyFraming): void {
  const { verbose, logger } = settings;
  if (!verbose || logger === undefined) return;
  tell(services, () => logger(`Status line ${formatStatusLine(head)}\n`));
  if (framing.kind === 'length') tell(services, () => logger(`Reading ${framing.length} bytes\n`));
}

/** Calls a user's callback: an error or rejection is reported, and the request goes on. */
function tell(services: Observed['services'], callback: () => unknown): void {
  callSafely(callback, (error) => services.onCallbackError(error));
}
