import { statSync } from 'node:fs';
import {
  type ConnectionState,
  type HttpRequest,
  HttpResponse,
  HttpServer,
  type ServeFilesOptions,
  serveFiles,
} from '../../index.ts';
import type { Command } from '../line/command.ts';
import { isLoopback, planServer, type ServerPlan, serve } from '../peers/serve.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import { Log } from '../terminal/log.ts';
import { printableLines, reasonOf, writeLine } from '../terminal/output.ts';
import { AccessLog } from './access-log.ts';
import { isAllowedHost } from './allowed-hosts.ts';
import type { HttpdValues } from './table.ts';

/** The way requests are answered. */
export type Answers =
  | { readonly kind: 'files'; readonly root: string; readonly options: ServeFilesOptions }
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'debug' };

export interface HttpdPlan {
  readonly server: ServerPlan;
  readonly answers: Answers;
  readonly compresses: boolean;
  /** The hosts that requests may be for, beside those of loopback; `undefined` for any. */
  readonly allowedHosts: readonly string[] | undefined;
}

const COMMAND = 'httpd';
/** Nothing of what is served takes a body; those that are printed fit. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Others get their turn; loopback is exempt. */
const MAX_CONNECTIONS_PER_IP = 256;

export const httpd: Command<HttpdValues, HttpdPlan> = {
  plan(values) {
    const server = planServer(COMMAND, {
      ...values,
      withoutDeflate: true,
      withoutPong: false,
      maxMessageSize: MAX_BODY_BYTES,
    });
    const { host } = server.options;
    const { allowedHosts } = values;
    return {
      server: { ...server, schemes: ['http', 'https'] },
      answers: planAnswers(values),
      compresses: !values.withoutCompression,
      allowedHosts: isLoopback(host) || allowedHosts.length > 0 ? allowedHosts : undefined,
    };
  },

  execute(plan, environment) {
    const { server, compresses } = plan;
    const answer = createAnswer(plan.answers, environment);
    const accessLog = new AccessLog(environment, server.isQuiet, server.isJson);
    const log = new Log(environment, server.isQuiet, server.isJson);
    return serve(server, environment, {
      createServer(options) {
        const httpServer = new HttpServer({
          ...options,
          // Other names are decided on below, with the option's name in the answer.
          allowedHosts: '*',
          compression: compresses,
          maxBodySize: MAX_BODY_BYTES,
          maxConnectionsPerIp: MAX_CONNECTIONS_PER_IP,
          onCallbackError: (error) => log.error(reasonOf(error)),
        });
        httpServer.setOnConnectionCallback((request, state) =>
          accessLog.watch(request, state, () =>
            isMisdirected(plan, request) ? misdirected() : answer(request, state),
          ),
        );
        return httpServer;
      },
    });
  },
};

function planAnswers(values: HttpdValues): Answers {
  if (values.isDebug) return { kind: 'debug' };
  if (values.redirectUrl !== undefined) return { kind: 'redirect', url: values.redirectUrl };
  if (values.redirects) throw new WrongUsage(COMMAND, '-L needs --redirect_url');
  if (values.hasCors && values.corsOrigins.length > 0) {
    throw new WrongUsage(COMMAND, 'give either --cors or --cors-origin');
  }
  const { corsOrigins, isSinglePage, cache } = values;
  return {
    kind: 'files',
    root: values.root ?? '.',
    options: {
      listing: values.hasListing,
      precompressed: values.isPrecompressed,
      cors: values.hasCors || (corsOrigins.length > 0 && corsOrigins),
      ...(isSinglePage && { fallback: 'index.html' }),
      ...(cache !== undefined && { cacheControl: cache }),
    },
  };
}

type Answer = (request: HttpRequest, state: ConnectionState) => HttpResponse | Promise<HttpResponse>;

function createAnswer(answers: Answers, environment: Environment): Answer {
  switch (answers.kind) {
    case 'files':
      checkFolder(answers.root);
      return serveFiles(answers.root, answers.options);
    case 'redirect':
      // A redirect would lose what was sent, so a POST is just accepted, as the C++ command does.
      return ({ method }) =>
        method === 'POST'
          ? new HttpResponse(200, 'OK')
          : new HttpResponse(301, 'Moved Permanently', 'Ok', { Location: answers.url });
    case 'debug':
      return (request) => {
        printRequest(request, environment);
        return new HttpResponse(200, 'OK', 'Ok', { 'Content-Type': 'text/plain' }, 'OK');
      };
    default:
      return answers satisfies never;
  }
}

function checkFolder(root: string): void {
  try {
    if (statSync(root).isDirectory()) return;
  } catch (error) {
    throw new CliError(COMMAND, reasonOf(error), 'Name a folder to serve.', { cause: error });
  }
  throw new CliError(COMMAND, `${root} is no folder`, 'Name the folder that the file is in.');
}

function isMisdirected({ allowedHosts }: HttpdPlan, { headers }: HttpRequest): boolean {
  return allowedHosts !== undefined && !isAllowedHost(headers.get('Host'), allowedHosts);
}

function misdirected(): HttpResponse {
  const text = 'This server does not go by the name in Host; ws httpd --allow-host NAME lets it.\n';
  return new HttpResponse(421, 'Misdirected Request', 'Ok', { 'Content-Type': 'text/plain; charset=utf-8' }, text);
}

/** All of a request, such that it cannot drive a terminal. */
function printRequest(request: HttpRequest, environment: Environment): void {
  const lines = [
    '== Headers == ',
    ...Array.from(request.headers, ([name, value]) => `${name}: ${value}`),
    '',
    '== Body == ',
    request.text(),
    '',
  ];
  for (const line of lines) writeLine(environment.logfile ?? environment.stdout, printableLines(line));
}
