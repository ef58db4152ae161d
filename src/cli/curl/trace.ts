import type {
  HttpResponse,
  ObservedInterim,
  ObservedRequest,
  TLSConnectionInfo,
  WebSocketHttpHeaders,
} from '../../index.ts';
import type { Output } from '../terminal/environment.ts';
import { describeHeaders } from '../terminal/log.ts';
import { fromOctets } from '../terminal/octets.ts';
import { printable, writeLine } from '../terminal/output.ts';
import { statusLineOf } from './observation.ts';

/** The output of `-v` on stderr: lines behind `>` were sent, those behind `<` received, and what could let somebody in is left out. */
export class Trace {
  private readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }

  request({ head, url, remoteAddress, remotePort, isReused, tls }: ObservedRequest): void {
    const where = remoteAddress === '' ? 'a unix socket' : `${remoteAddress} port ${remotePort}`;
    this.line('*', `${isReused ? 'Connected before' : 'Connected'} to ${where} for ${url}`);
    if (tls !== undefined && !isReused) for (const line of describeTls(tls)) this.line('*', line);
    for (const line of head.replace(/\r\n$/, '').split('\r\n')) this.line('>', fromOctets(line));
  }

  response(response: ObservedInterim): void {
    this.line('<', fromOctets(statusLineOf(response)));
    this.trailers(response.headers);
    this.line('<', '');
  }

  trailers(fields: WebSocketHttpHeaders): void {
    for (const line of describeHeaders(fields)) this.line('<', line);
  }

  /** The lines of the C++ command. */
  sizes({ uploadSize, downloadSize, statusCode }: HttpResponse<Buffer>): void {
    this.line('*', `Upload size: ${uploadSize}`);
    this.line('*', `Download size: ${downloadSize}`);
    this.line('*', `Status: ${statusCode}`);
  }

  note(text: string): void {
    this.line('*', text);
  }

  private line(mark: string, text: string): void {
    writeLine(this.output, `${mark} ${printable(text)}`.trimEnd());
  }
}

/** The outcome of TLS, in lines. */
export function describeTls({
  version,
  cipher,
  certificate,
}: Pick<TLSConnectionInfo, 'version' | 'cipher' | 'certificate'>): string[] {
  const lines = [`TLS: ${version}, ${cipher}`];
  if (certificate === undefined) return lines;
  const oneLine = (text: string): string => text.trim().split('\n').join(', ');
  return [
    ...lines,
    `Certificate: ${oneLine(certificate.subject || certificate.subjectAltName || '(no name)')}`,
    `Issuer: ${oneLine(certificate.issuer)}`,
    `Valid: ${certificate.validFrom} to ${certificate.validTo}`,
  ];
}
