import type { WebSocket, WebSocketOptions } from '../../index.ts';
import { BadValue } from '../line/command-table.ts';
import { readHeader } from '../line/value-readers.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { type HeaderSource, revealSecret, type Secret } from '../terminal/files/secrets.ts';
import type { ClientValues } from './client-option-table.ts';
import { createClient } from './create-client.ts';
import { planTls, withPassphrase } from './tls-plan.ts';

/** The credentials and the way of a client, with secrets not looked up yet. */
export interface AccessPlan {
  readonly headers: readonly HeaderSource[];
  readonly user: Secret | undefined;
  readonly proxy: Secret | undefined;
  readonly keyPassphrase: Secret | undefined;
}

/** All it takes to make a client. */
export interface ClientPlan {
  readonly options: WebSocketOptions;
  readonly access: AccessPlan;
}

export function planClient(values: ClientValues, options: WebSocketOptions): ClientPlan {
  return {
    options: { handshakeTimeoutSecs: values.timeoutSecs, tlsOptions: planTls(values), ...options },
    access: { headers: values.headers, user: values.user, proxy: values.proxy, keyPassphrase: values.keyPassphrase },
  };
}

/** Looks secrets up and makes the client, which is not started. */
export function openClient(command: string, plan: ClientPlan, environment: Environment): WebSocket {
  const { options, access } = plan;
  const tlsOptions = withPassphrase(options.tlsOptions, access.keyPassphrase, command, environment);
  return createClient(command, { ...options, tlsOptions, ...revealAccess(command, access, environment) });
}

/** An {@link AccessPlan} with its secrets. They are looked up once: a file may be a pipe that another program writes into. */
export interface RevealedAccess {
  readonly extraHeaders: readonly (readonly [string, string])[];
  readonly proxy: string | undefined;
}

export function revealAccess(command: string, access: AccessPlan, environment: Environment): RevealedAccess {
  const extraHeaders = revealHeaders(command, access, environment);
  const proxy = access.proxy && revealSecret(access.proxy, command, '--proxy', environment);
  return { extraHeaders, proxy };
}

/** The headers that were asked for, `Authorization` of a user included. */
export function revealHeaders(
  command: string,
  access: AccessPlan,
  environment: Environment,
): (readonly [string, string])[] {
  const headers = access.headers.flatMap((source) =>
    'kind' in source ? headersIn(revealSecret(source, command, '--header', environment), command) : [source],
  );
  if (access.user === undefined) return headers;
  if (headers.some(([name]) => name.toLowerCase() === 'authorization')) {
    throw new WrongUsage(command, 'give either --user or a header Authorization');
  }
  const credentials = credentialsOf(revealSecret(access.user, command, '--user', environment), command, environment);
  return [...headers, ['Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]];
}

function headersIn(text: string, command: string): (readonly [string, string])[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  try {
    return lines.map(readHeader);
  } catch (error) {
    if (error instanceof BadValue) throw new WrongUsage(command, `each line of --header @ ${error.message}`);
    throw error;
  }
}

function credentialsOf(user: string, command: string, environment: Environment): string {
  if (user.includes(':')) return user;
  const password = environment.variables['WS_PASSWORD'];
  if (password !== undefined) return `${user}:${password}`;
  throw new WrongUsage(
    command,
    '--user has no password',
    'Put it into the variable WS_PASSWORD, or user:password into a file and name that as --user @FILE.',
  );
}
