/** The target of requests for a host, and perhaps below a path. */
export interface Route {
  /** In lower case, with a port where only that port is meant. */
  readonly host: string;
  /** Begins with a slash, and does not end in one; empty for every path. */
  readonly path: string;
  readonly url: string;
}

/** A mistake in a file of routes. */
export class BadRoutes extends Error {}

/**
 * Reads routes: lines of `HOST=URL` or `HOST/PATH=URL`, with comments behind `#`, or a JSON object of the same, by itself or
 * as the member `remote_urls`.
 */
export function parseRoutes(text: string): readonly Route[] {
  return text.trimStart().startsWith('{') ? parseJson(text) : parseLines(text);
}

/** The route for a request, the most exact one, or `undefined` when there is none. */
export function findRoute(routes: readonly Route[], host: string, uri: string): Route | undefined {
  const name = host.toLowerCase();
  const [path = ''] = uri.split('?', 1);
  const matching = routes.filter(
    (route) => isFor(route, name) && (route.path === '' || path === route.path || path.startsWith(`${route.path}/`)),
  );
  const exactness = (route: Route): number => route.path.length * 2 + (route.host === name ? 1 : 0);
  return matching.toSorted((a, b) => exactness(b) - exactness(a))[0];
}

/** True when there is a route for any path of a host. */
export function isHostKnown(routes: readonly Route[], host: string): boolean {
  const name = host.toLowerCase();
  return routes.some((route) => isFor(route, name));
}

function isFor(route: Route, host: string): boolean {
  return route.host === host || route.host === host.replace(/:\d+$/, '');
}

/**
 * Finds the segments `.` and `..` in a path, which servers resolve (RFC 3986 section 5.2.4): it might lead out of what a
 * route is for. Clients resolve them before they ask.
 */
export function hasDotSegments(uri: string): boolean {
  return /[/\\](?:\.|%2e){1,2}(?:[/\\?]|$)/i.test(uri.split('?', 1)[0] ?? '');
}

/** The path and query of a request behind a URL, whose own query comes first. */
export function urlBehind(url: string, uri: string): string {
  const [, stem = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(url) ?? [];
  const joined = stem.replace(/\/+$/, '') + uri;
  if (query === '') return joined;
  const [path = '', own = ''] = joined.split(/\?(.*)/s);
  return `${path}?${query}${own === '' ? '' : `&${own}`}`;
}

/** Checks where a route goes; returns what is wrong with it. */
export function whyBadUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return 'is no URL';
  const { protocol, hash } = new URL(url);
  if (!['ws:', 'wss:'].includes(protocol)) return 'does not begin with ws:// or wss://';
  return hash === '' ? undefined : 'has a fragment';
}

function parseLines(text: string): readonly Route[] {
  const routes: Route[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.replace(/(^|\s)#.*$/, '').trim();
    if (content === '') continue;
    const equals = content.indexOf('=');
    if (equals < 1) throw new BadRoutes(`line ${index + 1} is not HOST=URL`);
    routes.push(toRoute(content.slice(0, equals), content.slice(equals + 1), `line ${index + 1}`));
  }
  return routes;
}

function parseJson(text: string): readonly Route[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRoutes('it begins as JSON, and is none');
  }
  const routes = memberOf(value, 'remote_urls') ?? value;
  if (typeof routes !== 'object' || routes === null || Array.isArray(routes)) {
    throw new BadRoutes('it must be an object of hosts and URLs');
  }
  return Object.entries(routes).map(([where, url]) => {
    if (typeof url !== 'string') throw new BadRoutes(`the URL of ${where} must be a string`);
    return toRoute(where, url, where);
  });
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function toRoute(where: string, url: string, what: string): Route {
  const [, host = '', path = ''] = /^([^/]+)(\/.*)?$/.exec(where.trim().toLowerCase()) ?? [];
  if (host === '' || /[\s@]/.test(host)) throw new BadRoutes(`${what} names no host`);
  // Paths keep their case.
  const exactPath = path === '' ? '' : where.trim().slice(-path.length).replace(/\/+$/, '');
  const trimmed = url.trim();
  const why = whyBadUrl(trimmed);
  if (why !== undefined) throw new BadRoutes(`${what}: ${trimmed} ${why}`);
  return { host, path: exactPath, url: trimmed };
}
