import type { Mime } from 'mime';

/** For what is not known. Browsers save it instead of showing it. */
export const UNKNOWN_TYPE = 'application/octet-stream';

let loaded: Mime | undefined;
let loading: Promise<Mime> | undefined;

/**
 * The `Content-Type` of a file by the extension of its name, from the table of the package `mime`, which is loaded by
 * the first call. Text is said to be UTF-8, but for XML, which says itself what it is.
 */
export function contentTypeOf(fileName: string): string | Promise<string> {
  if (loaded !== undefined) return lookUp(loaded, fileName);
  loading ??= import('mime').then((module) => {
    loaded = module.default;
    return loaded;
  });
  return loading.then((mime) => lookUp(mime, fileName));
}

function lookUp(mime: Mime, fileName: string): string {
  // Without a directory in front, the package takes a name without a dot for an extension.
  const type = mime.getType(`/${fileName}`) ?? UNKNOWN_TYPE;
  return type.startsWith('text/') && type !== 'text/xml' ? `${type}; charset=utf-8` : type;
}

/** The last part of a path, whichever way its slashes lean. */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
