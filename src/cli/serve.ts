import { isIP } from 'node:net';
import type { ListenError, SocketServerOptions, WebSocketServer } from '../index.ts';
import type { Environment } from './environment.ts';
import { CliError, WrongUsage } from './errors.ts';
import { ExitCode } from './exit-codes.ts';
import { Log } from './log.ts';
import { printable, writeLine } from './output.ts';
import { withPidfile } from './pidfile.ts';
import { withStopSignal } from './stop-signal.ts';
import type { ServerValues } from './tables/shared.ts';
import { planTls, tlsHintFor } from './tls.ts';

export interface ServerOptions extends SocketServerOptions {
  readonly port: number;
  readonly host: string;
}

/** How a server of the command line is set up. */
export interface ServerPlan {
  readonly command: string;
  readonly options: Readonly<ServerOptions>;
  /** Ports to try after the first one when it is taken. */
  readonly nextPorts: number;
  readonly pidfile: string | undefined;
}

const MIB = 1024 * 1024;

export function planServer(command: string, values: ServerValues): ServerPlan {
  const host = values.host ?? (values.isIPv6 ? '::1' : '127.0.0.1');
  if (values.isIPv6 && isIP(host) === 4) throw new WrongUsage(command, `--host ${host} is no IPv6 address, as -6 asks`);
  if (host === '') throw new WrongUsage(command, '--host must not be empty');
  return {
    command,
    options: {
      port: values.port,
      host,
      addressFamily: values.isIPv6 || isIP(host) === 6 ? 6 : 4,
      enablePong: !values.withoutPong,
      perMessageDeflate: !values.withoutDeflate,
      maxMessageSize: values.maxMessageSize,
      tlsOptions: planTls(values),
      maxUnfinishedBytes: Math.max(256 * MIB, 2 * values.maxMessageSize),
      // These servers are for trying things out, from web pages as well.
      allowedOrigins: '*',
    },
    nextPorts: 0,
    pidfile: values.pidfile,
  };
}

/** A server made for one run of {@link serve}. */
export interface Service {
  /** Makes the server; called again for another port when one is taken. */
  createServer(options: ServerOptions): WebSocketServer;
  /** The server listens at `url`. */
  onListening?(url: string): void;
  /** Settles when there is nothing more to do; without it, the server runs until a signal comes. */
  readonly finished?: Promise<unknown>;
}

/** Listens and serves until a signal comes, or until there is nothing more to do. */
export async function serve(plan: ServerPlan, environment: Environment, service: Service): Promise<ExitCode> {
  return withStopSignal(environment, async (stopped) => {
    const server = await listen(plan, environment, service);
    try {
      return await withPidfile(plan.pidfile, environment, async () => {
        announce(plan, environment, server.getPort(), service);
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

async function listen(plan: ServerPlan, environment: Environment, service: Service): Promise<WebSocketServer> {
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

function announce(plan: ServerPlan, environment: Environment, port: number, service: Service): void {
  const { host, tlsOptions } = plan.options;
  const url = `${tlsOptions?.tls === true ? 'wss' : 'ws'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`;
  writeLine(environment.stdout, `Listening on ${printable(url)}`);
  if (!isLoopback(host)) {
    writeLine(environment.stderr, `ws: warning: ${printable(host)} can be reached from other machines`);
  }
  service.onListening?.(url);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
