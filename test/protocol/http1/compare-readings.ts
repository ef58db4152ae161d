import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { keepsAlive } from '../../../src/protocol/http1/message/persistence.ts';
import { listIncludes } from '../../../src/protocol/http1/tokens.ts';
import { type NodeReading, NodeRequestReader, readResponsesWithNode } from '../../support/node-http.ts';
import { Random } from '../../support/random.ts';
import { type RandomInput, randomInput } from './random-messages.ts';
import { type MessageEvent, type Role, readMessages } from './read-messages.ts';

interface OurMessage {
  start: string;
  headers: [string, string][];
  body: string;
  trailers: [string, string][];
  isComplete: boolean;
}

interface OurReading {
  readonly messages: OurMessage[];
  failure: string | undefined;
  /** Nothing behind the last message is read as HTTP, by us or by Node. */
  isOver: boolean;
}

/** The start line as `NodeMessage` has it: the version comes last. */
function startOf(role: Role, start: string): string {
  if (role === 'request') return start;
  const space = start.indexOf(' ');
  return `${start.slice(space + 1)} ${start.slice(0, space)}`;
}

function lastsBehind(role: Role, start: string, headers: [string, string][]): boolean {
  if (role === 'response') return false;
  const version = start.endsWith(' 1.0') ? '1.0' : '1.1';
  const head = { method: '', target: '', version, headers: HttpHeaders.from(headers) } as const;
  const isUpgrade = head.headers.has('Upgrade') && listIncludes(head.headers.get('Connection') ?? '', 'upgrade');
  return keepsAlive(head) && !isUpgrade && !start.startsWith('CONNECT ');
}

function gather(role: Role, events: readonly MessageEvent[]): OurReading {
  const reading: OurReading = { messages: [], failure: undefined, isOver: false };
  let lasts = true;
  for (const event of events) {
    const message = reading.messages.at(-1);
    if (event[0] === 'interim' || event[0] === 'head') {
      if (!lasts) break;
      const start = startOf(role, event[1]);
      const isComplete = event[0] === 'interim';
      reading.messages.push({ start, headers: event[2], body: '', trailers: [], isComplete });
      lasts = isComplete || lastsBehind(role, start, event[2]);
    } else if (event[0] === 'failure') {
      reading.failure = lasts || message?.isComplete === false ? event[1] : undefined;
    } else if (message !== undefined) {
      if (event[0] === 'body') message.body = event[1];
      else if (event[0] === 'complete') {
        message.isComplete = true;
        message.trailers = event[1] ?? [];
      }
    }
  }
  reading.isOver = !lasts && reading.failure === undefined;
  return reading;
}

function differenceOf(ours: OurReading, node: NodeReading): string | undefined {
  for (const [index, message] of ours.messages.entries()) {
    const other = node.messages[index];
    // An incomplete message was not given to anybody, or was taken back with a failure.
    if (other === undefined) {
      if (message.isComplete) return `message ${index} is read by us only`;
      continue;
    }
    for (const part of ['start', 'headers'] as const) {
      if (JSON.stringify(message[part]) !== JSON.stringify(other[part])) return `${part} of message ${index} differs`;
    }
    if (!message.isComplete) continue;
    if (!other.isComplete) return `message ${index} is complete for us only`;
    if (message.body !== other.body) return `body of message ${index} differs`;
    if (JSON.stringify(message.trailers) !== JSON.stringify(other.trailers))
      return `trailers of message ${index} differ`;
  }
  if (ours.failure !== undefined || ours.isOver) return undefined;
  if (node.messages.length > ours.messages.length) return 'Node reads a message where we read none';
  const last = node.messages.at(-1);
  return last?.isComplete === true && ours.messages.at(-1)?.isComplete === false
    ? 'the last message is complete for Node only'
    : undefined;
}

const BATCH = 100;

/** White space in a chunk extension, which RFC 9112 7.1.1 wants to be read past. */
const SPACED_EXTENSION = /[0-9a-f];[^\r\n]*[ \t]/i;

/**
 * Input that Node refuses though it can be read in one way only: methods that it has not heard of, HTTP/1.2 to
 * 1.9, URLs with digits in the scheme, white space in chunk extensions, wrong lengths where no body follows anyway, and
 * the response behind an interim one that says `close`.
 */
function isHarmless(role: Role, { bytes, method }: RandomInput, ours: OurReading, node: NodeReading): boolean {
  if (node.failure === 'HPE_INVALID_VERSION') return true;
  if (/HPE_(?:INVALID_CHUNK_SIZE|STRICT)/.test(node.failure ?? '')) {
    return SPACED_EXTENSION.test(bytes.toString('latin1'));
  }
  if (role === 'request') {
    const target = ours.messages[node.messages.length]?.start.split(' ')[1] ?? '';
    return node.failure === 'HPE_INVALID_METHOD' || (node.failure === 'HPE_INVALID_URL' && !target.startsWith('/'));
  }
  if (node.failure === 'HPE_CLOSED_CONNECTION') return node.messages.at(-1)?.isInterim === true;
  const refused = ours.messages[node.messages.length];
  const hasNoBody = method === 'HEAD' || /^(?:1..|204|304) /.test(refused?.start ?? '');
  return hasNoBody && /CONTENT_LENGTH|TRANSFER_ENCODING/.test(node.failure ?? '');
}

/**
 * Compares our reading of random messages with Node's. We may refuse more; what we read, Node has to read in the same
 * way. Throws on the first difference, with all it takes to see it again. Returns how often each outcome came: `read`,
 * `refused`, or the code with which Node refused what we read.
 */
export async function compareWithNode(role: Role, seed: number, count: number): Promise<Map<string, number>> {
  const outcomes = new Map<string, number>();
  const node = new NodeRequestReader();
  for (let first = 0; first < count; first += BATCH) {
    const size = Math.min(BATCH, count - first);
    const inputs = Array.from({ length: size }, (_, i) => randomInput(role, new Random(seed + first + i)));
    const readings = role === 'request' ? await node.read(inputs) : await readResponsesWithNode(inputs);
    for (const [i, input] of inputs.entries()) {
      const outcome = judge(role, input, readings[i] as NodeReading, `seed ${seed + first + i}`);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  return outcomes;
}

function judge(role: Role, input: RandomInput, node: NodeReading, name: string): string {
  const { bytes, cuts, method } = input;
  const ours = gather(role, readMessages(role, bytes, cuts, { methods: [method], end: true }));
  const difference = differenceOf(ours, node);
  if (difference === undefined) return ours.failure === undefined ? 'read' : 'refused';
  if (node.failure !== undefined && isHarmless(role, input, ours, node)) return node.failure;
  throw new Error(
    `${name}: ${difference}\ninput: ${JSON.stringify(bytes.toString('latin1'))}, cut at [${cuts.join()}], for ${method}\n` +
      `ours: ${JSON.stringify(ours)}\nNode: ${JSON.stringify(node)}`,
  );
}
