import { sep } from 'node:path';
import { UsageError } from '../../errors.ts';
import { isFieldValue } from '../../protocol/http1/tokens.ts';
import { checkBoolean, checkInteger, checkOneOf, checkString, rejectUnknownOptions } from '../../util/options.ts';

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
   * @default 16 MiB
   */
  readonly maxCachedBytes?: number | undefined;
}

/** Options as they were checked. */
export interface StaticSettings {
  readonly index: string | undefined;
  readonly listing: boolean;
  readonly fallback: readonly string[] | undefined;
  readonly allowsDotFiles: boolean;
  readonly cacheControl: string;
  readonly precompressed: boolean;
  readonly cors: true | ReadonlySet<string> | undefined;
  readonly maxCachedBytes: number;
}

const known: readonly (keyof ServeFilesOptions)[] = [
  'index',
  'listing',
  'fallback',
  'dotFiles',
  'cacheControl',
  'precompressed',
  'cors',
  'maxCachedBytes',
];

const DEFAULT_CACHED_BYTES = 16 * 1024 * 1024;

/** @throws UsageError (`invalidOption`) */
export function resolveStaticOptions(options: ServeFilesOptions): StaticSettings {
  rejectUnknownOptions('serveFiles', options, known);
  const { index = 'index.html', dotFiles = 'deny', cacheControl = 'no-cache', cors = false } = options;
  return {
    index: index === false ? undefined : checkFileName('index', index),
    listing: checkBoolean('listing', options.listing ?? false),
    fallback: options.fallback === undefined ? undefined : checkRelativePath('fallback', options.fallback),
    allowsDotFiles: checkOneOf('dotFiles', dotFiles, ['deny', 'allow']) === 'allow',
    cacheControl: checkFieldValue('cacheControl', cacheControl),
    precompressed: checkBoolean('precompressed', options.precompressed ?? false),
    cors: checkCors(cors),
    maxCachedBytes: checkInteger('maxCachedBytes', options.maxCachedBytes ?? DEFAULT_CACHED_BYTES, { min: 0 }),
  };
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

function checkCors(value: unknown): StaticSettings['cors'] {
  if (value === false) return undefined;
  if (value === true) return true;
  if (!Array.isArray(value)) throw new UsageError('cors', 'must be true, false or a list of origins');
  return new Set((value as unknown[]).map(checkOrigin));
}

function checkOrigin(value: unknown): string {
  const text = checkString('cors', value);
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new UsageError('cors', "must hold origins such as 'https://example.com', without a path");
  }
  return text;
}
