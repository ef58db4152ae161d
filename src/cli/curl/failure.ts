import {
  BodyError,
  ConnectError,
  type ConnectErrorCode,
  type HttpResponse,
  type WebSocketErrorInfo,
} from '../../index.ts';
import { tlsHintFor } from '../peers/tls-plan.ts';
import { CliError } from '../terminal/cli-errors.ts';
import { CurlExitCode, type ExitCode } from '../terminal/exit-codes.ts';

export const COMMAND = 'curl';

/** A transfer has failed; the process ends with the code that curl has for it. */
export class CurlFailure extends CliError {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, why: string, hint?: string, cause?: unknown) {
    super(COMMAND, `(${exitCode}) ${why}`, hint, { cause });
    this.exitCode = exitCode;
  }
}

type Failed = Pick<HttpResponse<Buffer>, 'errorCode' | 'errorMsg' | 'cause'>;

/** The failure of a request that has no whole answer. */
export function failureOf(failed: Failed): CurlFailure {
  const { errorMsg, cause } = failed;
  return new CurlFailure(exitCodeOf(failed), errorMsg, hintOf(failed), cause);
}

/** The library says so where the other side hung up; it differs from an answer that breaks the rules. */
const isCutOff = (message: string): boolean => message.includes(': the server closed the connection');

function exitCodeOf({ errorCode, errorMsg, cause }: Failed): ExitCode {
  switch (errorCode) {
    case 'CannotConnect':
    case 'CannotCreateSocket':
      return cause instanceof ConnectError ? exitCodeOfConnecting(cause) : connectingAgreed(cause);
    case 'Timeout':
      return CurlExitCode.TimedOut;
    case 'Gzip':
      return CurlExitCode.BadContentEncoding;
    case 'UrlMalformed':
      return CurlExitCode.UrlMalformed;
    case 'TooManyRedirects':
      return CurlExitCode.TooManyRedirects;
    case 'CannotReadStatusLine':
      return CurlExitCode.EmptyReply;
    case 'HeaderParsingError':
      return isCutOff(errorMsg) ? CurlExitCode.ReceiveError : CurlExitCode.WeirdReply;
    case 'ChunkReadError':
    case 'CannotReadBody':
      return isCutOff(errorMsg) ? CurlExitCode.PartialBody : CurlExitCode.ReceiveError;
    case 'ReadError':
      return CurlExitCode.ReceiveError;
    case 'SendError':
      return exitCodeOfSending(cause);
    default:
      // An answer that is none of HTTP/1.x, and a redirect that is not followed or leads nowhere.
      return CurlExitCode.UnsupportedProtocol;
  }
}

/** With TLS 1.3 a server refuses our certificate when the handshake is over for us. */
function connectingAgreed(cause: unknown): ExitCode {
  return cause === undefined ? CurlExitCode.CouldNotConnect : CurlExitCode.TlsFailed;
}

function exitCodeOfSending(cause: unknown): ExitCode {
  if (cause === undefined) return CurlExitCode.NotRepeatable;
  if (cause instanceof BodyError) return CurlExitCode.ReadError;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return fileCodes.has(code) ? CurlExitCode.ReadError : CurlExitCode.SendError;
}

/** The codes that a stream of a file may end with. */
const fileCodes: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EISDIR', 'EIO', 'EMFILE', 'ENFILE']);

/** The exit code of curl when there is no connection. */
export function exitCodeOfConnecting({ code, phase, message }: ConnectError): ExitCode {
  if (code === 'proxyUnreachable') {
    if (phase === 'proxy') return CurlExitCode.TlsFailed;
    return phase === 'lookup' ? CurlExitCode.ProxyNotResolved : CurlExitCode.CouldNotConnect;
  }
  if (code === 'proxyRefused' || code === 'proxyFailed') {
    return message.includes('through the proxy socks') ? CurlExitCode.ProxyFailed : CurlExitCode.ReceiveError;
  }
  return connectingCodes[code] ?? CurlExitCode.CouldNotConnect;
}

const connectingCodes: Readonly<Partial<Record<ConnectErrorCode, ExitCode>>> = {
  invalidUrl: CurlExitCode.UrlMalformed,
  lookupFailed: CurlExitCode.HostNotResolved,
  invalidProxy: CurlExitCode.ProxyNotResolved,
  timeout: CurlExitCode.TimedOut,
  tlsCertificateExpired: CurlExitCode.Certificate,
  tlsCertificateNotYetValid: CurlExitCode.Certificate,
  tlsCertificateInvalid: CurlExitCode.Certificate,
  tlsHostnameMismatch: CurlExitCode.Certificate,
  tlsSelfSigned: CurlExitCode.Certificate,
  tlsUnknownAuthority: CurlExitCode.Certificate,
  tlsClientCertificateRefused: CurlExitCode.TlsFailed,
  tlsHandshakeFailed: CurlExitCode.TlsFailed,
  tlsOptionsCaFile: CurlExitCode.TlsAuthorities,
  tlsOptionsCiphers: CurlExitCode.TlsCiphers,
  tlsOptionsCertFile: CurlExitCode.TlsClientCertificate,
  tlsOptionsKeyFile: CurlExitCode.TlsClientCertificate,
  tlsOptionsKeyMismatch: CurlExitCode.TlsClientCertificate,
  tlsOptionsPassphrase: CurlExitCode.TlsClientCertificate,
  tlsOptionsIncomplete: CurlExitCode.TlsClientCertificate,
  badStatus: CurlExitCode.HttpError,
  tooManyRedirects: CurlExitCode.TooManyRedirects,
  redirectRefused: CurlExitCode.UnsupportedProtocol,
  redirectLoop: CurlExitCode.TooManyRedirects,
  connectionLost: CurlExitCode.EmptyReply,
  malformedResponse: CurlExitCode.WeirdReply,
  badVersion: CurlExitCode.WeirdReply,
  invalidUpgrade: CurlExitCode.WeirdReply,
  invalidConnection: CurlExitCode.WeirdReply,
  invalidAccept: CurlExitCode.WeirdReply,
  invalidSubprotocol: CurlExitCode.WeirdReply,
  invalidExtensions: CurlExitCode.WeirdReply,
};

function hintOf({ errorCode, cause }: Failed): string | undefined {
  if (errorCode === 'TooManyRedirects') return 'Follow more of them with --max-redirects.';
  if (errorCode === 'Timeout') return 'Wait longer with --connect-timeout or --transfer-timeout.';
  if (errorCode === 'MissingStatus') return 'Is it a server of HTTP, and http:// or https:// right?';
  return cause instanceof ConnectError ? hintOfConnecting(cause.code) : undefined;
}

/** Advice on what can be done about it. */
export function hintOfConnecting(code: WebSocketErrorInfo['code']): string | undefined {
  switch (code) {
    case 'connectionRefused':
      return "Is the server running? 'ws httpd' starts one that serves files.";
    case 'lookupFailed':
      return 'Is the name of the host spelled right?';
    case 'proxyUnreachable':
      return 'Is the proxy running, and --proxy right?';
    default:
      return tlsHintFor(code);
  }
}
