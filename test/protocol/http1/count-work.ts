/**
 * Counts the characters that `run` looks at or copies, counted in the string methods that parsers are made of. Unlike a clock
 * it gives the same figure every time, so that a test can tell linear from quadratic.
 */
export function countWork(run: () => void): number {
  const { charCodeAt, slice, indexOf } = String.prototype;
  let work = 0;
  String.prototype.charCodeAt = function (this: string, index: number) {
    work++;
    return charCodeAt.call(this, index);
  };
  String.prototype.slice = function (this: string, start?: number, end?: number) {
    const result = slice.call(this, start, end);
    work += 1 + result.length;
    return result;
  };
  String.prototype.indexOf = function (this: string, text: string, from?: number) {
    const result = indexOf.call(this, text, from);
    work += (result < 0 ? this.length : result) - (from ?? 0) + 1;
    return result;
  };
  try {
    run();
  } finally {
    Object.assign(String.prototype, { charCodeAt, slice, indexOf });
  }
  return work;
}

/** A buffer that counts how often a byte of it is looked at. */
export function countedBytes(bytes: Buffer, count: { reads: number }): Buffer {
  return new Proxy(bytes, {
    get(target, key): unknown {
      const index = typeof key === 'string' ? Number(key) : Number.NaN;
      if (index >= 0) {
        count.reads++;
        return target[index];
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
