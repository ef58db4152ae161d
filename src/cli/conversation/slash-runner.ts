import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import type { WebSocketOpenInfo } from '../../index.ts';
import { CliError } from '../terminal/cli-errors.ts';
import { describeHandshake } from '../terminal/log.ts';
import { reasonOf } from '../terminal/output.ts';
import type { Dialect } from './dialect.ts';
import type { Link } from './link.ts';
import type { Outbox } from './outbox.ts';
import type { Screen } from './screen.ts';
import { type SlashCommand, slashHelp } from './slash-command.ts';
import type { Traffic } from './traffic.ts';

/** The parts that slash commands work on. */
export interface SlashTargets {
  readonly command: string;
  readonly link: Link;
  readonly screen: Screen;
  readonly outbox: Outbox;
  readonly traffic: Traffic;
  readonly dialect: Dialect & { isBinary?: boolean };
  /** The longest file that is sent. */
  readonly maxMessageSize: number;
}

/** Does what slash commands ask for. Connecting and ending are up to the conversation. */
export class SlashRunner {
  /** Pings whose answer is to be shown. */
  pongsWanted = 0;
  /** A file was not sent. */
  hasFailed = false;
  /** Of the latest connection. */
  openInfo: WebSocketOpenInfo | undefined;
  private readonly targets: SlashTargets;

  constructor(targets: SlashTargets) {
    this.targets = targets;
  }

  async run(command: SlashCommand): Promise<void> {
    const { traffic, outbox, link } = this.targets;
    switch (command.kind) {
      case 'ping':
        this.ping(command.data);
        break;
      case 'send':
        await this.sendFile(command.path);
        break;
      case 'binary':
        this.setBinary(command.isOn);
        break;
      case 'help':
        this.note(slashHelp);
        break;
      case 'headers': {
        const { openInfo } = this;
        this.note(openInfo === undefined ? ['not connected yet'] : describeHandshake(openInfo.uri, openInfo.headers));
        break;
      }
      case 'stats': {
        const { roundTripTimeMs } = link;
        const trip = roundTripTimeMs === undefined ? [] : [`latest round trip ${roundTripTimeMs.toFixed(2)} ms`];
        this.note([
          ...traffic.describe(),
          `waiting: ${outbox.length} messages, ${link.bufferedAmount()} bytes`,
          ...trip,
        ]);
        break;
      }
      case 'wrong':
        this.problem(`usage: ${command.usage}`);
        break;
      default:
        break;
    }
  }

  note(lines: readonly string[]): void {
    this.targets.screen.tell({ type: 'note', text: lines.join('\n') });
  }

  problem(why: string, hint?: string): void {
    const { screen, command } = this.targets;
    screen.tell({ type: 'problem', error: new CliError(command, why, hint) });
  }

  private ping(data: string): void {
    const info = this.targets.link.ping(data);
    if (info.success) this.pongsWanted++;
    else this.problem(`/ping: not sent (${info.code})`);
  }

  private setBinary(isOn: boolean | undefined): void {
    const { dialect } = this.targets;
    if (dialect.isBinary === undefined) {
      this.problem('/binary: not possible here');
      return;
    }
    dialect.isBinary = isOn ?? !dialect.isBinary;
    this.note([`lines are sent as ${dialect.isBinary ? 'binary messages' : 'text'}`]);
  }

  private async sendFile(path: string): Promise<void> {
    const { dialect, outbox, maxMessageSize } = this.targets;
    if (dialect.isBinary === undefined) {
      this.problem('/send: not possible here');
      return;
    }
    try {
      const stats = await stat(path);
      // Reading a device or a pipe may have no end, and nothing ends waiting for it.
      if (!stats.isFile()) throw new Error(`${path} is no regular file`);
      const { size } = stats;
      if (size > maxMessageSize) throw new Error(`${size} bytes are more than --max-message-size`);
      const bytes = await readFile(path);
      const isBinary = dialect.isBinary || !isUtf8(bytes);
      outbox.put({ data: bytes, isBinary });
      this.note([`sent ${path}: ${bytes.length} bytes as ${isBinary ? 'binary' : 'text'}`]);
    } catch (error) {
      this.hasFailed = true;
      this.problem(`/send: ${reasonOf(error)}`);
    }
  }
}
