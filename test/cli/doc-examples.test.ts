import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { patient } from '../support/patience.ts';
import { Capture } from './support/fake-environment.ts';
import { freePort } from './support/peers.ts';
import { TemporaryFolder } from './support/temporary-folder.ts';

/*
 * Runs every ```console block of the pages about the command. Lines that begin with `$ ` are typed into bash, and the
 * lines below them must come out, where `…` stands for anything and numbers for other numbers. A comment before a block,
 * such as `<!-- files: a.txt, b.txt=content -->`, says which files there are. Port 8008 is another one; a server listens there
 * unless the block starts one. What still runs in the end is killed.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/cli/main.js');

interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

interface Example {
  readonly page: string;
  readonly files: readonly (readonly [name: string, content: string])[];
  readonly steps: readonly Step[];
}

const pages = ['docs/cli.md', ...readdirSync(join(root, 'docs/cli')).map((name) => `docs/cli/${name}`)];
const examples = pages.flatMap(examplesOf);

function examplesOf(page: string): Example[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/(?:<!-- files: (.*) -->\n)?```console\n([^]*?)```/g)].map(([, files = '', block = '']) => ({
    page,
    files: files
      .split(', ')
      .filter((file) => file !== '')
      .map((file) => {
        const [name = '', content = 'What was said.\n'] = file.split('=');
        return [name, content] as const;
      }),
    steps: stepsOf(block),
  }));
}

function stepsOf(block: string): Step[] {
  const steps: { command: string; expected: string[] }[] = [];
  for (const line of block.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
    else steps.at(-1)?.expected.push(line);
  }
  return steps;
}

function toPattern(line: string): RegExp {
  const escaped = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*');
  return new RegExp(`^${escaped.replace(/\d+(\\\.\d+)*/g, '\\d+(\\.\\d+)*')}$`);
}

/** One of the terminals that the commands of an example are typed into. */
class Terminal {
  readonly output: Capture = new Capture();
  readonly folder: TemporaryFolder = new TemporaryFolder();
  private readonly children: ChildProcess[] = [];
  private readonly port: number;
  private readonly otherPort: number;

  constructor(port: number, otherPort: number) {
    this.port = port;
    this.otherPort = otherPort;
    onTestFinished(() => this.stop());
  }

  /** The output so far, with the ports that the pages have. */
  get lines(): string[] {
    const text = this.output.text.replaceAll(String(this.port), '8008').replaceAll(String(this.otherPort), '9001');
    return text.split(/\r?\n/).slice(0, -1);
  }

  /** Runs a command in a shell of its own; settles when it has ended. */
  run(command: string): Promise<void> {
    const shell = `ws() {
      local command=$1 port=()
      shift
      case $command in *_server|transfer|httpd) port=(--port ${this.port}) ;; esac
      local words=("\${@//8008/${this.port}}")
      '${process.execPath}' '${main}' "$command" "\${port[@]}" "\${words[@]//9001/${this.otherPort}}"
    }
    ${command}`;
    const child = spawn('bash', ['-c', shell], {
      cwd: this.folder.path,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, XDG_STATE_HOME: this.folder.path, NO_COLOR: '1' },
    });
    this.children.push(child);
    child.stdout.pipe(this.output, { end: false });
    child.stderr.pipe(this.output, { end: false });
    return new Promise((resolve) => child.on('close', () => resolve()));
  }

  private stop(): void {
    for (const { pid } of this.children) {
      try {
        if (pid !== undefined) process.kill(-pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }
}

/** The server in the examples of a page that name none. */
const serversOf: ReadonlyMap<string, string> = new Map([
  ['docs/cli/chat.md', 'broadcast_server'],
  ['docs/cli/curl.md', 'httpd'],
  ['docs/cli/httpd.md', 'httpd'],
]);

const isServer = (command: string): boolean => /^ws (\w+_server|transfer|httpd)\b/.test(command);

/** The echo server of all examples that need one and start none. */
let echoServer: ChildProcess | undefined;
let echoPort = 0;
beforeAll(async () => {
  const child = spawn(process.execPath, [main, 'echo_server', '-q', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  echoServer = child;
  const said = new Capture();
  child.stdout.pipe(said);
  echoPort = Number(new URL(await said.match(/Listening on (\S+)\n/)).port);
});
afterAll(() => void echoServer?.kill());

async function runExample({ page, files, steps: typed }: Example): Promise<void> {
  const needsServer =
    !typed.some(({ command }) => isServer(command)) && typed.some(({ command }) => command.includes(':8008'));
  const server = needsServer ? serversOf.get(page) : undefined;
  const terminal = new Terminal(needsServer && server === undefined ? echoPort : await freePort(), await freePort());
  for (const [name, content] of files) terminal.folder.write(name, content);
  const steps = [...typed];
  if (server !== undefined) {
    const scheme = server.startsWith('httpd') ? 'http' : 'ws';
    steps.unshift({ command: `ws ${server} -q`, expected: [`Listening on ${scheme}://127.0.0.1:8008/`] });
  }
  let count = 0;
  for (const { command, expected } of steps) {
    const ended = terminal.run(command.replace(/ &$/, ''));
    count += expected.length;
    if (!isServer(command) && !command.endsWith(' &')) await ended;
    if (expected.length > 0) await terminal.output.match(new RegExp(`^([^\\n]*\\n){${count}}`));
  }
  const remaining = steps.flatMap(({ expected }) => expected.map(toPattern));
  for (const line of terminal.lines) {
    const found = remaining.findIndex((pattern) => pattern.test(line));
    expect(found, `${page} does not show this line: ${line}`).not.toBe(-1);
    remaining.splice(found, 1);
  }
  expect(remaining).toEqual([]);
}

describe('the examples of the documentation', () => {
  it.each(pages)('are there: %s', (page) => {
    const hasOutput = readFileSync(join(root, page), 'utf8').includes('```');
    expect(hasOutput).toBe(true);
  });

  it.each(examples.map((example) => [example.page, example.steps[0]?.command ?? '', example] as const))(
    'do what they say: %s, %s',
    (_page, _command, example) => runExample(example),
    patient(20_000),
  );
});
