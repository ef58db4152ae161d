import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is removed when the test is over. */
export class TemporaryFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), 'ws-'));

  constructor() {
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }));
  }

  at(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Buffer): string {
    mkdirSync(dirname(this.at(name)), { recursive: true });
    writeFileSync(this.at(name), content);
    return this.at(name);
  }

  read(name: string): Buffer {
    return readFileSync(this.at(name));
  }

  /** Everything below it, folders with a slash at the end. */
  get tree(): string[] {
    return readdirSync(this.path, { recursive: true })
      .map(String)
      .map((name) => (statSync(this.at(name)).isDirectory() ? `${name}/` : name))
      .toSorted();
  }
}
