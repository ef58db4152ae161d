import { resolve, sep } from 'node:path';
import { BodyError } from '../../http/body-error.ts';
import { chooseCoding } from '../../http/coding/accept-encoding.ts';
import { type EncodableCoding, isCompressible } from '../../http/coding/content-coding.ts';
import { contentTypeOf } from '../../http/content-type.ts';
import { closeFile, systemCode } from '../../http/files/file-io.ts';
import type { HttpResponse } from '../../http/http-response.ts';
import { listIncludes } from '../../protocol/http1/tokens.ts';
import { checkString } from '../../util/options.ts';
import { parseRanges } from './byte-ranges.ts';
import { addCorsHeaders, answerOptions } from './cors-fields.ts';
import { listDirectory } from './directory-listing.ts';
import { type CachedFile, StaticCache } from './file-cache.ts';
import type { StaticSource } from './file-contents.ts';
import { plainResponse, type Representation, respondWithFile, type StaticRequest } from './file-response.ts';
import { resolveStaticOptions, type ServeFilesOptions, type StaticSettings } from './static-options.ts';
import { type NotOpened, type OpenedDirectory, type OpenedFile, StaticRoot } from './static-root.ts';
import { formatPath, parseStaticTarget, type StaticTarget } from './static-target.ts';

const ALLOW = 'GET, HEAD, OPTIONS';
const isWindows = sep === '\\';

const extensions: Readonly<Record<EncodableCoding, string>> = { br: '.br', gzip: '.gz' };

type PathTarget = Extract<StaticTarget, { kind: 'path' }>;

/**
 * A callback that serves the files below `root`: with types, validators and conditions, parts of files, and nothing
 * that lies outside, whether a path or a symbolic link leads there.
 *
 * It never rejects: a request that cannot be served gets a response that says so. The body of a short file is the one
 * that is held for the next request: read it, but do not change it.
 *
 * @param root a directory; a relative one is taken from the working directory of now
 * @throws UsageError (`invalidOption`) for options that are unknown or wrong
 * @example
 * server.setOnConnectionCallback(serveFiles('public', { listing: true }));
 */
export function serveFiles(
  root: string,
  options: ServeFilesOptions = {},
): (request: StaticRequest) => Promise<HttpResponse> {
  const files = new StaticFiles(resolve(checkString('root', root)), resolveStaticOptions(options));
  return (request) => files.respond(request);
}

class StaticFiles implements StaticSource {
  readonly root: StaticRoot;
  readonly cache: StaticCache;
  private readonly settings: StaticSettings;

  constructor(root: string, settings: StaticSettings) {
    this.settings = settings;
    this.root = new StaticRoot(root, settings.allowsDotFiles);
    this.cache = new StaticCache(settings.maxCachedBytes);
  }

  async respond(request: StaticRequest): Promise<HttpResponse> {
    const { cors } = this.settings;
    if (request.method === 'OPTIONS') return answerOptions(request.headers, ALLOW, cors);
    const response = await this.respondSafely(request);
    addCorsHeaders(response.headers, request.headers, cors);
    return response;
  }

  private async respondSafely(request: StaticRequest): Promise<HttpResponse> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const response = plainResponse(405);
      response.headers.append('Allow', ALLOW);
      return response;
    }
    try {
      return await this.serve(request);
    } catch (error) {
      // The file is being replaced right now, or the disk has failed: neither is a fault of this program.
      if (error instanceof BodyError) return plainResponse(503);
      if (systemCode(error) !== undefined) return plainResponse(500);
      throw error;
    }
  }

  private async serve(request: StaticRequest): Promise<HttpResponse> {
    const { allowsDotFiles, fallback } = this.settings;
    const target = parseStaticTarget(request.uri, { allowsDotFiles, isWindows });
    if (target.kind === 'refused') return plainResponse(target.status);
    const response = await (target.isDirectory
      ? this.serveDirectory(request, target)
      : this.serveFile(request, target));
    if (response.statusCode !== 404 || fallback === undefined || !isNavigation(request)) return response;
    const found = await this.find(request, fallback);
    return found.kind === 'found' ? this.send(request, found.representation) : response;
  }

  private async serveFile(request: StaticRequest, target: PathTarget): Promise<HttpResponse> {
    const found = await this.find(request, target.segments);
    if (found.kind === 'found') return await this.send(request, found.representation);
    if (found.kind === 'none') return plainResponse(found.status);
    await closeIfOpen(found);
    // Relative links of the page are meant from within the directory.
    const response = plainResponse(301);
    response.headers.append('Location', `${formatPath(target.segments)}/${target.query}`);
    return response;
  }

  private async serveDirectory(request: StaticRequest, { segments }: PathTarget): Promise<HttpResponse> {
    const { index, listing } = this.settings;
    if (index !== undefined) {
      const found = await this.find(request, [...segments, index]);
      if (found.kind === 'found') return await this.send(request, found.representation);
      if (found.kind === 'directory') await closeIfOpen(found);
      else if (found.status !== 404) return plainResponse(found.status);
    }
    return listing ? await this.list(segments) : plainResponse(404);
  }

  private async list(segments: readonly string[]): Promise<HttpResponse> {
    const opened = await this.root.open(segments);
    if (opened.kind === 'none') return plainResponse(opened.status);
    try {
      if (opened.kind === 'file') return plainResponse(404);
      const response = plainResponse(200);
      response.body = await listDirectory(opened, segments, this.root, { ...this.settings, isWindows });
      response.headers.set('Content-Type', 'text/html; charset=utf-8');
      response.headers.append('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'");
      response.headers.append('Cache-Control', 'no-cache');
      return response;
    } finally {
      await closeIfOpen(opened);
    }
  }

  /** The file at a path, or one that was compressed beforehand and stands for it. */
  private async find(
    request: StaticRequest,
    segments: readonly string[],
  ): Promise<{ kind: 'found'; representation: Representation } | OpenedDirectory | NotOpened> {
    const contentType = await contentTypeOf(segments.at(-1) ?? '');
    const isNegotiated = this.settings.precompressed && isCompressible(contentType);
    const encoded = isNegotiated && !wantsParts(request) ? await this.findEncoded(request, segments) : undefined;
    if (encoded !== undefined) {
      return { kind: 'found', representation: { ...encoded, contentType, isNegotiated } };
    }
    const file = await this.open(segments);
    if (file.kind === 'none' || file.kind === 'directory') return file;
    return { kind: 'found', representation: { file, segments, contentType, coding: undefined, isNegotiated } };
  }

  private async findEncoded(
    request: StaticRequest,
    segments: readonly string[],
  ): Promise<Pick<Representation, 'file' | 'segments' | 'coding'> | undefined> {
    const accepted = request.headers.get('Accept-Encoding');
    const left: EncodableCoding[] = ['br', 'gzip'];
    for (;;) {
      const coding = chooseCoding(accepted, left);
      if (coding === undefined || coding === 'identity') return undefined;
      left.splice(left.indexOf(coding), 1);
      const encodedSegments = [...segments.slice(0, -1), `${segments.at(-1)}${extensions[coding]}`];
      const opened = await this.open(encodedSegments);
      if (opened.kind === 'file' || opened.kind === 'cached')
        return { file: opened, segments: encodedSegments, coding };
      if (opened.kind === 'directory') await closeIfOpen(opened);
    }
  }

  private async open(segments: readonly string[]): Promise<OpenedFile | CachedFile | OpenedDirectory | NotOpened> {
    return (await this.cache.find(this.root.pathOf(segments))) ?? (await this.root.open(segments));
  }

  private async send(request: StaticRequest, representation: Representation): Promise<HttpResponse> {
    try {
      return await respondWithFile(request, representation, this, this.settings.cacheControl);
    } finally {
      if (representation.file.kind === 'file') await closeFile(representation.file.fd);
    }
  }
}

/** Tells whether a request asks for parts: those are parts of the file itself, which the client can put together. */
function wantsParts({ method, headers }: StaticRequest): boolean {
  return method === 'GET' && parseRanges(headers.get('Range'), Number.POSITIVE_INFINITY) !== 'whole';
}

/** Tells whether a browser goes to a page, and does not fetch something that a page needs. */
function isNavigation({ headers }: StaticRequest): boolean {
  const mode = headers.get('Sec-Fetch-Mode');
  if (mode !== undefined && mode !== 'navigate') return false;
  const accept = headers.get('Accept');
  if (accept === undefined) return false;
  return accept.split(',').some((range) => listIncludes(range.split(';', 1)[0] ?? '', 'text/html'));
}

async function closeIfOpen(opened: OpenedFile | OpenedDirectory): Promise<void> {
  if (opened.fd !== undefined) await closeFile(opened.fd);
}
