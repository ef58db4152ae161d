import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { ListenError, SocketServer, SocketServerOptions } from '../../index.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { ExitCode } from '../terminal/exit-codes.ts';
import { withPidfile } from '../terminal/files/pidfile.ts';
import type { Secret } from '../terminal/files/secrets.ts';
import { toJsonLine } from '../terminal/json-text.ts';
import { Log } from '../terminal/log.ts';
import { printable, writeLine } from '../terminal/output.ts';
import { withStopSignal } from '../terminal/stop-signal.ts';
import { createSelfSigned, type SelfSigned } from './self-signed/certificate.ts';
import type { ServerValues } from './shared-options.ts';
import { planTls, tlsHintFor, withPassphrase } from './tls-plan.ts';

export interface ServerOptions extends SocketServerOptions {
  readonly port: number;
  readonly host: string;
}

/** The set-up of a server of the command line. */
export interface ServerPlan {
  readonly command: string;
  readonly options: Readonly<ServerOptions>;
  /** The scheme of its URL, without and with TLS; that of WebSockets where nothing is said. */
  readonly schemes?: readonly [plain: string, secure: string];
  /** Ports to try after the first one when it is taken. */
  readonly nextPorts: number;
  readonly pidfile: string | undefined;
  /** Of the private key. */
  readonly keyPassphrase: Secret | undefined;
  /** True to speak TLS with a certificate made for this run. */
  readonly isSelfSigned: boolean;
  /** True when a client has to prove who it is. */
  readonly isGuarded: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

const MIB = 1024 * 1024;

export function planServer(command: string, values: ServerValues): ServerPlan {
  const host = values.host ?? (values.isIPv6 ? '::1' : '127.0.0.1');
  if (values.isIPv6 && isIP(host) === 4) throw new WrongUsage(command, `--host ${host} is no IPv6 address, as -6 asks`);
  if (host === '') throw new WrongUsage(command, '--host must not be empty');
  const tlsOptions = planTls(values);
  if (values.isSelfSigned && tlsOptions?.certFile !== undefined) {
    throw new WrongUsage(command, 'give either --tls-self-signed or --cert-file');
  }
  return {
    command,
    options: {
      port: values.port,
      host,
      addressFamily: values.isIPv6 || isIP(host) === 6 ? 6 : 4,
      enablePong: !values.withoutPong,
      perMessageDeflate: !values.withoutDeflate,
      maxMessageSize: values.maxMessageSize,
      tlsOptions,
      maxUnfinishedBytes: Math.max(256 * MIB, 2 * values.maxMessageSize),
      // These servers are for trying things out, from web pages as well.
      allowedOrigins: '*',
      // Pages of other names that lead to this machine are kept out of loopback by the library.
      ...(values.allowedHosts.length > 0 && { allowedHosts: hostsWith(host, values.allowedHosts) }),
    },
    nextPorts: 0,
    pidfile: values.pidfile,
    keyPassphrase: values.keyPassphrase,
    isSelfSigned: values.isSelfSigned,
    // A server with authorities asks every client for a certificate.
    isGuarded: tlsOptions?.caFile !== undefined && tlsOptions.caFile !== 'NONE',
    isQuiet: values.isQuiet,
    isJson: values.isJson,
  };
}

/** The part that all kinds of servers have. */
type ListeningServer = Pick<SocketServer, 'listen' | 'start' | 'stop' | 'getPort'>;

/** A server made for one run of {@link serve}. */
export interface Service {
  /** Makes the server; called again for another port when one is taken. */
  createServer(options: ServerOptions): ListeningServer;
  /** The server listens at `url`. */
  onListening?(url: string): void;
  /** Settles when there is nothing more to do; without it, the server runs until a signal comes. */
  readonly finished?: Promise<unknown>;
}

/** Listens and serves until a signal comes, or until there is nothing more to do. */
export async function serve(plan: ServerPlan, environment: Environment, service: Service): Promise<ExitCode> {
  return withStopSignal(environment, async (stopped) => {
    const certificate = plan.isSelfSigned ? createSelfSigned(environment.now(), namesOf(plan.options.host)) : undefined;
    const server = await listen(withIdentity(plan, certificate, environment), environment, service);
    try {
      return await withPidfile(plan.pidfile, environment, async () => {
        const url = announce(plan, environment, server.getPort(), certificate);
        service.onListening?.(url);
        server.start();
        await (service.finished === undefined ? stopped : Promise.race([stopped, service.finished]));
        await server.stop();
        return ExitCode.Done;
      });
    } finally {
      await server.stop();
    }
  });
}

async function listen(plan: ServerPlan, environment: Environment, service: Service): Promise<ListeningServer> {
  const { options, command } = plan;
  const log = new Log(environment, true);
  for (let { port } = options; ; port++) {
    const server = service.createServer({ ...options, port, logCallback: (_level, message) => log.error(message) });
    const result = await server.listen();
    if (result.ok) return server;
    const { error } = result;
    const mayTryNext = error.code === 'addressInUse' && port < Math.min(65_535, options.port + plan.nextPorts);
    if (!mayTryNext) throw new CliError(command, error.message, hintFor(error), { cause: error });
  }
}

function hintFor(error: ListenError): string | undefined {
  switch (error.code) {
    case 'addressInUse':
      return 'Choose another port with --port; 0 is any free one.';
    case 'permissionDenied':
      return 'Ports below 1024 need privileges on many systems; choose another one with --port.';
    case 'addressNotAvailable':
    case 'invalidHost':
      return 'Give --host an address of this machine, such as 127.0.0.1, or ::1 with -6.';
    default:
      return tlsHintFor(error.code);
  }
}

/** Says where the server listens, and what whoever runs it should know. */
function announce(
  plan: ServerPlan,
  environment: Environment,
  port: number,
  certificate: SelfSigned | undefined,
): string {
  const { host, tlsOptions } = plan.options;
  const isTls = certificate !== undefined || tlsOptions?.tls === true;
  const [plain, secure] = plan.schemes ?? ['ws', 'wss'];
  const url = `${isTls ? secure : plain}://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`;
  if (plan.isJson) {
    const fingerprint = certificate?.fingerprint;
    writeLine(
      environment.stdout,
      toJsonLine({ time: environment.now().toISOString(), event: 'listening', url, fingerprint }),
    );
  } else {
    writeLine(environment.stdout, `Listening on ${printable(url)}`);
    if (certificate !== undefined) {
      writeLine(environment.stdout, `Certificate SHA-256 fingerprint ${certificate.fingerprint}`);
    }
  }
  if (!isLoopback(host)) {
    const who = plan.isGuarded ? '' : ', and whoever reaches it may connect';
    writeLine(environment.stderr, `ws: warning: ${printable(host)} can be reached from other machines${who}`);
  }
  return url;
}

/** For which names a certificate is needed beside those of loopback. */
function namesOf(host: string): readonly string[] {
  return host === '0.0.0.0' || host === '::' ? [hostname()] : [host];
}

/** With the certificate that was made for this run, or what opens the key of the one that was given. */
function withIdentity(plan: ServerPlan, certificate: SelfSigned | undefined, environment: Environment): ServerPlan {
  const { options, keyPassphrase, command } = plan;
  if (certificate === undefined) {
    const tlsOptions = withPassphrase(options.tlsOptions, keyPassphrase, command, environment);
    return { ...plan, options: { ...options, tlsOptions } };
  }
  const { certFile, keyFile } = certificate;
  return { ...plan, options: { ...options, tlsOptions: { ...options.tlsOptions, tls: true, certFile, keyFile } } };
}

/** The names that a server goes by on loopback, and more of them. */
export function hostsWith(host: string, more: readonly string[]): readonly string[] {
  return ['localhost', '127.0.0.1', '[::1]', isIP(host) === 6 ? `[${host}]` : host, ...more];
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
