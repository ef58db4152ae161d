/** The exit codes of the process. */
export const ExitCode = {
  Done: 0,
  /** Could not connect or listen, or what was asked for did not happen. */
  Failed: 1,
  WrongUsage: 2,
  /** The other side ended the connection with a close code that is no normal end. */
  Closed: 3,
  /** Ended by Ctrl-C, as shells count it: 128 and the number of the signal. */
  Interrupted: 130,
  /** Ended by SIGTERM. */
  Terminated: 143,
} as const;

/** The exit codes of `ws curl`, which are those of curl: scripts know these numbers. */
export const CurlExitCode = {
  UnsupportedProtocol: 1,
  UrlMalformed: 3,
  ProxyNotResolved: 5,
  HostNotResolved: 6,
  CouldNotConnect: 7,
  WeirdReply: 8,
  PartialBody: 18,
  /** The server answered 400 or more, and that is to be a failure. */
  HttpError: 22,
  WriteError: 23,
  ReadError: 26,
  TimedOut: 28,
  RangeError: 33,
  TlsFailed: 35,
  TooManyRedirects: 47,
  EmptyReply: 52,
  SendError: 55,
  ReceiveError: 56,
  TlsClientCertificate: 58,
  TlsCiphers: 59,
  /** The certificate of the server is not trusted. */
  Certificate: 60,
  BadContentEncoding: 61,
  /** The body would have to be sent once more, and cannot be. */
  NotRepeatable: 65,
  TlsAuthorities: 77,
  ProxyFailed: 97,
} as const;
export type CurlExitCode = (typeof CurlExitCode)[keyof typeof CurlExitCode];

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode] | CurlExitCode;
