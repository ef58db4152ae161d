import type { ConnectPhase } from '../../errors.ts';
import { formatStatusLine, type ResponseHead } from '../../protocol/http1/head/response-head.ts';
import type { BodyFraming } from '../../protocol/http1/message/body-framing.ts';
import type { Transport } from '../../transport/transport.ts';
import type { RequestTarget } from '../response/http-redirects.ts';
import { withoutSecrets } from './outgoing-head.ts';
import type { RequestSettings } from './request-options.ts';
import { describeRequest } from './request-preparation.ts';
import type { RequestUpload } from './request-upload.ts';

/** Whose observer and logger are told. */
interface Observed {
  readonly settings: RequestSettings;
  readonly host: { onCallbackError(error: unknown): void };
}

export function observePhase({ settings, host }: Observed, phase: ConnectPhase): void {
  if (settings.observer?.onPhase === undefined) return;
  try {
    settings.observer.onPhase(phase);
  } catch (error) {
    host.onCallbackError(error);
  }
}

export function observeRequest(
  { settings, host }: Observed,
  target: RequestTarget,
  upload: RequestUpload,
  { transport, timesUsed }: { readonly transport: Transport; readonly timesUsed: number },
): void {
  try {
    if (settings.verbose) settings.logger?.(describeRequest(target, upload));
    if (settings.observer?.onRequest === undefined) return;
    const { remoteAddress, remotePort, tls } = transport;
    settings.observer.onRequest({
      method: target.method,
      url: target.url.href,
      head: withoutSecrets(upload.head.toString('latin1')),
      headSize: upload.head.length,
      remoteAddress,
      remotePort,
      isReused: timesUsed > 0,
      tls,
    });
  } catch (error) {
    host.onCallbackError(error);
  }
}

export function observeResponse(
  { settings, host }: Observed,
  target: RequestTarget,
  { version, status, statusText, headers }: ResponseHead,
  isFinal: boolean,
): void {
  if (settings.observer?.onResponse === undefined) return;
  try {
    settings.observer.onResponse({ url: target.url.href, version, status, statusText, headers, isFinal });
  } catch (error) {
    host.onCallbackError(error);
  }
}

/** For the option `verbose`. */
export function logResponse({ settings, host }: Observed, head: ResponseHead, framing: BodyFraming): void {
  if (!settings.verbose) return;
  try {
    settings.logger?.(`Status line ${formatStatusLine(head)}\n`);
    if (framing.kind === 'length') settings.logger?.(`Reading ${framing.length} bytes\n`);
  } catch (error) {
    host.onCallbackError(error);
  }
}
