import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Locked = {
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
};

const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** The places where Node looks for `name` when a file in `path` asks for it, nearest first. */
function candidates(path: string, name: string): string[] {
  const places = [`${path}/node_modules/${name}`];
  for (let end = path.lastIndexOf('node_modules/'); end > 0; end = path.lastIndexOf('node_modules/', end - 1)) {
    places.push(`${path.slice(0, end)}node_modules/${name}`);
  }
  return [...places, `node_modules/${name}`];
}

const order = (version: readonly number[]): number => version.reduce((sum, part) => sum * 1000 + part, 0);

/** Compares the oldest Node that package.json admits with a range such as `^20.19.0 || >=22.12.0`. */
function admitsOldestNode(range: string): boolean {
  const oldest = [20, 19, 0];
  return range.split('||').some((alternative) =>
    [...alternative.matchAll(/(\^|~|>=|>|<=|<|=|)\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/g)].every((match) => {
      const operator = match[1] ?? '';
      const wanted = order([match[2], match[3], match[4]].map((part) => Number(part ?? 0)));
      if (operator.startsWith('<')) return order(oldest) <= wanted;
      return order(oldest) >= wanted && (operator.startsWith('>') || match[2] === '20');
    }),
  );
}

describe('package-lock.json', () => {
  it('has every package that another one in it asks for, for all platforms', () => {
    const missing = packages.flatMap(([path, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies })
        .filter((name) => !candidates(path, name).some((place) => place in lock.packages))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('names no host that packages come from', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('has only packages that run on the oldest Node that ours runs on', () => {
    const newer = packages.filter(([, { engines }]) => !admitsOldestNode(engines?.node ?? '*'));
    expect(newer.map(([path, { engines }]) => `${path} ${engines?.node}`)).toEqual([]);
  });
});
