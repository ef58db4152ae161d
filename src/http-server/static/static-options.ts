import { sep } from 'node:path';
import { UsageError } from '../../errors.ts';
import { isFieldValue } from '../../protocol/http1/tokens.ts';
import { bytes, choice, flag, option } from '../../util/option-kinds.ts';
import { foreignNames, type OptionTable, optionTable, type Resolved, resolveOptions } from '../../util/option-table.ts';
import { checkString } from '../../util/options.ts';
import { whatwgUrl } from '../../util/whatwg-url.ts';

/** Options of {@link serveFiles}. */
export interface ServeFilesOptions {
  /**
   * The file that stands for its directory; `false` for none.
   *
   * @default 'index.html'
   */
  readonly index?: string | false | undefined;
  /**
   * Answers a directory without an index file with a page that lists its entries.
   *
   * @default false
   */
  readonly listing?: boolean | undefined;
  /**
   * A file under the root, such as `'index.html'`, that answers for pages that do not exist: for an application in the
   * browser that finds its pages itself. It is served only to a browser that goes to a page (`Accept` names
   * `text/html`), so that a missing script is still 404.
   */
  readonly fallback?: string | undefined;
  /**
   * The treatment of names that begin with a dot: `'deny'` answers 404 as if there were none, but for `/.well-known/`.
   *
   * @default 'deny'
   */
  readonly dotFiles?: 'deny' | 'allow' | undefined;
  /**
   * The value of `Cache-Control`. By default caches keep files, but ask each time whether they changed, which costs
   * them a 304.
   *
   * @default 'no-cache'
   */
  readonly cacheControl?: string | undefined;
  /**
   * Sends `page.html.br` or `page.html.gz` for `page.html` where it exists and the client accepts it. Nobody
   * checks that they hold the same.
   *
   * @default false
   */
  readonly precompressed?: boolean | undefined;
  /**
   * Which pages of other origins may read the files: `true` for all of them, or a list of origins.
   *
   * @default false
   */
  readonly cors?: boolean | readonly string[] | undefined;
  /**
   * Bytes of short files (up to 64 KiB each) that are held in memory. Each is looked at before it is used, so that
   * what is served is never out of date. 0 holds none.
   *
   * @default 16777216 (16 MiB)
   */
  readonly maxCachedBytes?: number | undefined;
}

interface ReadOptions {
  index: string | undefined;
  /** The segments of the path. */
  fallback: readonly string[] | undefined;
  cors: true | ReadonlySet<string> | undefined;
}

type CheckedOptions = Readonly<Resolved<ServeFilesOptions, never, ReadOptions>>;

/** Checked {@link ServeFilesOptions} with all defaults filled in. */
export interface StaticSettings extends CheckedOptions {
  readonly allowsDotFiles: boolean;
}

/** The habits of those who know Express, serve-static or nginx. */
const foreign = foreignNames({
  listing: 'autoIndex autoindex directoryListing',
  fallback: 'spa single notFound',
  cacheControl: 'maxAge headers immutable',
  precompressed: 'gzip brotli preCompressed',
  'the directory is the first argument': 'root dir path',
});

export const serveFilesOptions: OptionTable<CheckedOptions> = optionTable(
  'serveFiles',
  {
    index: option<string | undefined>('index.html', checkIndex),
    listing: flag(false),
    fallback: option<readonly string[] | undefined>(undefined, checkRelativePath),
    dotFiles: choice('deny', ['deny', 'allow']),
    cacheControl: option<string>('no-cache', checkFieldValue),
    precompressed: flag(false),
    cors: option<StaticSettings['cors']>(undefined, checkCors),
    maxCachedBytes: bytes(16 * 1024 * 1024, { min: 0 }),
  },
  { foreign, example: '{ index: … }' },
);

/** @throws UsageError (`invalidOption`) */
export function resolveStaticOptions(options: ServeFilesOptions): StaticSettings {
  const checked = resolveOptions(serveFilesOptions, options);
  return { ...checked, allowsDotFiles: checked.dotFiles === 'allow' };
}

function checkIndex(name: string, value: unknown): string | undefined {
  return value === false ? undefined : checkFileName(name, value);
}

function checkFileName(name: string, value: unknown): string {
  const fileName = checkString(name, value);
  if (fileName === '' || fileName === '.' || fileName === '..' || /[/\0]/.test(fileName) || fileName.includes(sep)) {
    throw new UsageError(name, 'must be the name of a file, without a directory');
  }
  return fileName;
}

function checkRelativePath(name: string, value: unknown): readonly string[] {
  const segments = checkString(name, value).replace(/^\//, '').split('/');
  return segments.map((segment) => {
    if (segment === '') throw new UsageError(name, 'must be the path of a file under the root');
    return checkFileName(name, segment);
  });
}

function checkFieldValue(name: string, value: unknown): string {
  const text = checkString(name, value);
  if (!isFieldValue(text)) throw new UsageError(name, 'could not be sent in a header');
  return text;
}

function checkCors(name: string, value: unknown): StaticSettings['cors'] {
  if (value === false) return undefined;
  if (value === true) return true;
  if (!Array.isArray(value)) throw new UsageError(name, 'must be true, false or a list of origins');
  return new Set((value as unknown[]).map(checkOrigin));
}

function checkOrigin(value: unknown): string {
  const text = checkString('cors', value);
  if (whatwgUrl(text)?.origin !== text) {
    throw new UsageError('cors', "must hold origins such as 'https://example.com', without a path");
  }
  return text;
}
