import { readFileSync } from 'node:fs';
import {
  type ConnectionState,
  type ServerWebSocket,
  type UpgradeAnswer,
  type UpgradeRefusal,
  type UpgradeRequest,
  type WebSocketOptions,
  WebSocketServer,
} from '../../index.ts';
import type { Command } from '../line/command.ts';
import { ClientLog } from '../peers/client-log.ts';
import { createClient } from '../peers/create-client.ts';
import { hostsWith, isLoopback, planServer, type ServerOptions, type ServerPlan, serve } from '../peers/serve.ts';
import { WrongUsage } from '../terminal/cli-errors.ts';
import { Log } from '../terminal/log.ts';
import { reasonAbout, reasonOf } from '../terminal/output.ts';
import { forbiddenHostOf, guardedLookup } from './addresses.ts';
import { Bridge } from './bridge.ts';
import { answeredHeaders, forwardedHeaders } from './headers.ts';
import { badGateway, refusalFor, unknownHost, unknownPath } from './refusals.ts';
import { findRoute, hasDotSegments, isHostKnown, parseRoutes, type Route, urlBehind, whyBadUrl } from './routes.ts';
import type { ProxyServerValues } from './table.ts';

export interface ProxyServerPlan {
  readonly server: ServerPlan;
  /** The target of everything that no route is for. */
  readonly remoteHost: string | undefined;
  readonly configPath: string | undefined;
  readonly isVerbose: boolean;
  readonly allowsPrivate: boolean;
  /** True when pings of clients go on to the servers behind. */
  readonly passesPings: boolean;
  /** For the connections to servers behind. */
  readonly upstream: WebSocketOptions;
}

/** Longer messages leave in frames of this size. */
const FRAME_BYTES = 1024 * 1024;

/** The wait for a decision beyond the time for connecting, so that it is not the one to give up. */
const SPARE_SECS = 5;

export const proxyServer: Command<ProxyServerValues, ProxyServerPlan> = {
  plan(values) {
    const { remoteHost, configPath, allowsPrivate, allowedOrigins } = values;
    if (remoteHost === undefined && configPath === undefined) {
      throw new WrongUsage('proxy_server', 'say where to pass connections on, with --remote_host or --config_path');
    }
    if (remoteHost !== undefined) checkUrl(remoteHost, '--remote_host', allowsPrivate);
    const server = planServer('proxy_server', values);
    const upstream: WebSocketOptions = {
      handshakeTimeoutSecs: values.timeoutSecs,
      perMessageDeflate: !values.withoutDeflate,
      maxMessageSize: values.maxMessageSize,
      fragmentSize: FRAME_BYTES,
      maxRedirects: 0,
      tlsOptions: values.remoteCaFile === undefined ? undefined : { caFile: values.remoteCaFile },
      lookup: allowsPrivate ? undefined : guardedLookup,
    };
    // Says what is wrong with them now, and not to the first client.
    createClient('proxy_server', upstream);
    return {
      server: {
        ...server,
        options: {
          ...server.options,
          allowedOrigins: allowedOrigins.includes('*') ? '*' : allowedOrigins.length > 0 ? allowedOrigins : undefined,
          // The answers come from the servers behind.
          enablePong: false,
          upgradeTimeoutSecs: values.timeoutSecs + SPARE_SECS,
          fragmentSize: FRAME_BYTES,
        },
      },
      remoteHost,
      configPath,
      isVerbose: values.isVerbose,
      allowsPrivate,
      passesPings: !values.withoutPong,
      upstream,
    };
  },

  execute(plan, environment) {
    const { server: serverPlan } = plan;
    const routes = readRoutes(plan);
    const log = new Log(environment, serverPlan.isQuiet, serverPlan.isJson);
    const dispatcher = new Dispatcher(plan, routes, log);
    return serve(serverPlan, environment, {
      createServer(options) {
        const server = new WebSocketServer<ConnectionState, Passage>({
          ...options,
          ...(routes.length > 0 && { allowedHosts: hostsOf(routes, options) }),
          onUpgrade: (request) => dispatcher.decide(request),
        });
        server.setOnConnectionCallback((webSocket) =>
          dispatcher.attach(webSocket, new ClientLog(log, environment, webSocket)),
        );
        return server;
      },
    });
  },
};

function checkUrl(url: string, what: string, allowsPrivate: boolean): void {
  const why = whyBadUrl(url);
  if (why !== undefined) throw new WrongUsage('proxy_server', `${what}: ${url} ${why}`);
  const forbidden = allowsPrivate ? undefined : forbiddenHostOf(url);
  if (forbidden === undefined) return;
  throw new WrongUsage('proxy_server', `${what}: ${forbidden} is a link-local address`, 'Add --allow-private.');
}

/** The hosts of routes are names of the server, too. The dispatcher decides on others, but not for pages on loopback. */
function hostsOf(routes: readonly Route[], { host, allowedHosts }: ServerOptions): '*' | readonly string[] {
  if (!isLoopback(host)) return allowedHosts ?? '*';
  const given = allowedHosts === undefined || allowedHosts === '*' ? [] : allowedHosts;
  return hostsWith(host, [...routes.map((route) => route.host), ...given]);
}

function readRoutes({ configPath, allowsPrivate }: ProxyServerPlan): readonly Route[] {
  if (configPath === undefined) return [];
  let routes: readonly Route[];
  try {
    routes = parseRoutes(readFileSync(configPath, 'utf8'));
  } catch (error) {
    throw new WrongUsage('proxy_server', `--config_path: ${reasonAbout(configPath, error)}`, undefined, {
      cause: error,
    });
  }
  for (const route of routes) checkUrl(route.url, `--config_path: ${route.host}${route.path}`, allowsPrivate);
  return routes;
}

/** The connection that an admitted client gets. */
interface Passage {
  readonly bridge: Bridge;
  /** The target, to be shown. */
  readonly url: string;
}

class Dispatcher {
  private readonly plan: ProxyServerPlan;
  private readonly routes: readonly Route[];
  private readonly log: Log;

  constructor(plan: ProxyServerPlan, routes: readonly Route[], log: Log) {
    this.plan = plan;
    this.routes = routes;
    this.log = log;
  }

  /** Lets a client in when there is a connection for it to the server behind. */
  async decide(request: UpgradeRequest): Promise<UpgradeAnswer<Passage>> {
    const url = this.urlFor(request);
    if (typeof url !== 'string') return this.refuse(request, url, 'no route is for it');
    let bridge: Bridge;
    try {
      bridge = new Bridge(this.optionsFor(request, url));
    } catch (error) {
      return this.refuse(request, badGateway, reasonOf(error));
    }
    const result = await bridge.connect(request.signal);
    if (!result.success) {
      const { errorInfo } = result;
      if (!request.signal.aborted) return this.refuse(request, refusalFor(errorInfo), errorInfo.reason);
      this.log.info(`${request.remoteIp} left before there was a connection to ${withoutCredentials(url)}`);
      return badGateway;
    }
    // A client that is let in joins before that.
    setImmediate(() => bridge.dropUnlessJoined());
    const { protocol, headers } = result.openInfo;
    return { data: { bridge, url: withoutCredentials(url) }, protocol, headers: answeredHeaders(headers) };
  }

  attach(webSocket: ServerWebSocket<ConnectionState, Passage>, clientLog: ClientLog): void {
    const { log, plan } = this;
    const { bridge, url } = webSocket.data;
    const id = webSocket.state.getId();
    webSocket.setOnMessageCallback((message) => {
      if (message.type === 'close') clientLog.closed(message.closeInfo);
      if (message.type !== 'open') {
        bridge.onClientMessage(message);
        return;
      }
      clientLog.opened(message.openInfo);
      log.event('upstream', `Passing client id ${id} on to ${url}`, { id, url });
      bridge.join({
        webSocket,
        passesPings: plan.passesPings,
        onMessage(from, bytes) {
          if (from === 'client') clientLog.counted(bytes);
          if (!plan.isVerbose || log.isQuiet) return;
          log.event('message', `Received ${bytes} bytes from the ${from} of client id ${id}`, { id, from, bytes });
        },
      });
    });
  }

  private urlFor({ host, uri }: UpgradeRequest): string | UpgradeRefusal {
    const { routes, plan } = this;
    // A whole URL is what a forward proxy is asked for.
    if (!uri.startsWith('/')) return unknownHost;
    if (hasDotSegments(uri)) return unknownPath;
    const base = findRoute(routes, host, uri)?.url ?? plan.remoteHost;
    if (base !== undefined) return urlBehind(base, uri);
    return isHostKnown(routes, host) ? unknownPath : unknownHost;
  }

  private optionsFor(request: UpgradeRequest, url: string): WebSocketOptions {
    const { server, upstream } = this.plan;
    const isTls = server.isSelfSigned || server.options.tlsOptions?.tls === true;
    return {
      ...upstream,
      url,
      extraHeaders: forwardedHeaders(request, isTls),
      subprotocols: request.subprotocols,
    };
  }

  private refuse({ remoteIp, uri }: UpgradeRequest, refusal: UpgradeRefusal, why: string): UpgradeRefusal {
    const { status } = refusal;
    // A query may hold a token.
    const [path = uri] = uri.split('?', 1);
    this.log.error(`No connection for ${remoteIp} to ${path}: ${why}`, { ip: remoteIp, uri: path, status });
    return refusal;
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
}
