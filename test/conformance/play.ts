import { setImmediate as turn } from 'node:timers/promises';
import type { ConformanceCase, End, Expected, Message, Role, Step } from './case.ts';
import { close } from './case.ts';
import { Deviation } from './deviation.ts';
import { encodeFrame, Op, Rsv } from './frames.ts';
import { type Opened, type OpeningServer, openAsClient } from './opening.ts';
import { bytesOf } from './payloads.ts';
import type { Peer, WireEvent } from './peer.ts';
import type { EchoServer, ReportedClose, Subject } from './subjects.ts';

/** Where a case is played. */
export interface Stage {
  readonly role: Role;
  readonly subject: Subject;
  readonly server: EchoServer | undefined;
  readonly openingServer: OpeningServer | undefined;
  /** The port of the server examined, or of the suite's. */
  readonly port: number;
  /** How long a case may take before it counts as not answered. */
  readonly deadlineMs: number;
}

/** Plays a case and says what happened, in a few words that stay the same as long as the behaviour does. */
export async function play(testCase: ConformanceCase, stage: Stage, path: string): Promise<string> {
  const reported = reportOf(stage, path);
  let opened: Opened | undefined;
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Deviation('nothing came for too long');
      opened?.peer.giveUp(error);
      reject(error);
    }, stage.deadlineMs);
  });
  try {
    const played = openPeer(testCase, stage, path).then((result) => {
      opened = result;
      return conclude(testCase, stage, result, reported);
    });
    return await Promise.race([played, deadline]);
  } catch (error) {
    if (!(error instanceof Deviation)) throw error;
    return `FAILED: ${error.message}`;
  } finally {
    clearTimeout(timer);
    opened?.peer.destroy();
  }
}

function openPeer(testCase: ConformanceCase, stage: Stage, path: string): Promise<Opened | undefined> {
  if (stage.openingServer === undefined) return openAsClient(stage.port, path, testCase.opening);
  return stage.openingServer.open(path, testCase.opening);
}

/** Starts the client examined, or asks the server. Errors are not lost: they are met when the report is awaited. */
function reportOf(stage: Stage, path: string): Promise<ReportedClose | undefined> | undefined {
  if (stage.server !== undefined) return stage.server.closeOf(path);
  const report = stage.subject.client.echo(`ws://127.0.0.1:${stage.port}${path}`);
  report.catch(() => {});
  return report;
}

async function conclude(
  testCase: ConformanceCase,
  stage: Stage,
  opened: Opened | undefined,
  reported: Promise<ReportedClose | undefined> | undefined,
): Promise<string> {
  if (opened === undefined) {
    if (testCase.opening?.outcome === 'declined' || testCase.end.kind === 'refuses') return 'refused';
    throw new Deviation('the opening handshake was refused');
  }
  const { peer } = opened;
  if (testCase.end.kind === 'refuses' || opened.mustBeRefused) {
    const event = await peer.next();
    if (event.kind !== 'end' && event.kind !== 'reset') throw new Deviation(`${describe(event)} in place of a refusal`);
    return 'refused';
  }
  for (const step of testCase.steps) await take(step, peer);
  await end(testCase.end, peer, stage);
  await checkReport(testCase.end, await reported);
  return behaviourOf(testCase, peer);
}

/** What a case that went as expected is recorded as. */
function behaviourOf({ end, opening }: ConformanceCase, { codec }: Peer): string {
  if (end.kind === 'fails') return `close ${end.code}`;
  if (end.kind === 'answersClose') return `close ${end.code ?? 'without code'}`;
  if (end.kind === 'vanishes') return 'end';
  if (codec !== undefined && opening?.showsCompression === true)
    return codec.compressedMessages > 0 ? 'ok, deflated' : 'ok, plain';
  return opening?.outcome === 'declined' && opening.offer !== undefined ? 'declined' : 'ok';
}

async function take(step: Step, peer: Peer): Promise<void> {
  if ('send' in step) {
    const frames = step.send.map((frame) => encodeFrame(frame, peer.isClient));
    const bytes = frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
    await peer.send(bytes.subarray(0, bytes.length - (step.omit ?? 0)), step.chop);
  } else if ('roundTrips' in step) {
    const expected = { op: step.message.op, payload: bytesOf(step.message.payload) };
    for (let i = 0; i < step.roundTrips; i++) {
      await peer.send(encodeMessage({ ...step.message, payload: expected.payload }, peer));
      await receive(expected, peer);
    }
  } else if ('message' in step) await peer.send(encodeMessage(step.message, peer), step.chop);
  else if ('receive' in step) for (const expected of step.receive) await receive(expected, peer);
  else if (step.tcp === 'end') peer.end();
  else peer.reset();
}

function encodeMessage(message: Message, peer: Peer): Buffer {
  const { op, deflate } = message;
  let payload = bytesOf(message.payload);
  const isCompressed = deflate !== undefined && peer.codec !== undefined;
  if (isCompressed) payload = peer.codec.compress(payload, deflate);
  const size = message.fragmentBytes ?? Math.max(1, payload.length);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    const frame = {
      op: at === 0 ? op : Op.Continuation,
      fin: at + size >= payload.length,
      rsv: isCompressed && at === 0 ? Rsv.One : 0,
      payload: payload.subarray(at, at + size),
    };
    frames.push(encodeFrame(frame, peer.isClient));
  }
  return frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
}

async function receive(expected: Expected, peer: Peer): Promise<void> {
  const payload = bytesOf(expected.payload);
  const event = await peer.next();
  const isRight = (event.kind === 'message' || event.kind === 'pong') && event.op === expected.op;
  if (isRight && event.payload.equals(payload)) return;
  const wanted = describe({ kind: expected.op === Op.Pong ? 'pong' : 'message', op: expected.op, payload });
  throw new Deviation(`${describe(event)} in place of ${wanted}`);
}

async function end(how: End, peer: Peer, stage: Stage): Promise<void> {
  if (how.kind === 'goesOn') await peer.send(encodeFrame(close(1000), peer.isClient));
  if (how.kind !== 'vanishes' && how.kind !== 'refuses') {
    const wanted = {
      code: how.kind === 'goesOn' ? 1000 : how.code,
      reason: how.kind === 'answersClose' ? how.reason : '',
    };
    await receiveClose(wanted, how.kind === 'fails', peer);
  }
  // RFC 6455 section 7.1.1: the server ends TCP first. Who fails a connection does not wait for the other side (7.1.7).
  const dropsFirst =
    how.kind === 'fails' ? stage.subject.dropsAfterFailing : how.kind === 'vanishes' || stage.role === 'server';
  if (!dropsFirst) {
    await turn();
    await turn();
    if (peer.pending?.kind === 'end' && stage.subject.dropsAfterFailing) {
      throw new Deviation('a client that ends TCP before the server does');
    }
    peer.end();
  }
  const event = await peer.next();
  const isOver = event.kind === 'end' || (event.kind === 'reset' && how.kind === 'vanishes');
  if (!isOver) throw new Deviation(`${describe(event)} in place of the end of TCP`);
  peer.end();
}

async function receiveClose(
  wanted: { code: number | undefined; reason: string | undefined },
  isFailure: boolean,
  peer: Peer,
): Promise<void> {
  const event = await peer.next();
  if (event.kind !== 'close')
    throw new Deviation(`${describe(event)} in place of close ${wanted.code ?? 'without code'}`);
  if (event.code !== wanted.code) {
    throw new Deviation(`${describe(event)} in place of close ${wanted.code ?? 'without code'}`);
  }
  // A failure may have any reason; an answer repeats what it answers.
  if (!isFailure && event.reason !== (wanted.reason ?? '')) throw new Deviation(`the close reason ${event.reason}`);
}

/** RFC 6455 sections 7.1.5 and 7.1.6: the code that the application is told. */
async function checkReport(how: End, reported: ReportedClose | undefined): Promise<void> {
  if (reported === undefined || how.kind === 'refuses') return;
  const code =
    how.kind === 'goesOn'
      ? 1000
      : how.kind === 'vanishes'
        ? 1006
        : how.kind === 'fails'
          ? how.code
          : (how.code ?? 1005);
  if (reported.code !== code) throw new Deviation(`the application is told ${reported.code} in place of ${code}`);
  if (reported.remote !== (how.kind !== 'fails')) {
    throw new Deviation(`the application is told that the ${reported.remote ? 'other' : 'own'} side closed`);
  }
}

function describe(event: WireEvent): string {
  switch (event.kind) {
    case 'message':
      return `a ${event.op === Op.Text ? 'text' : 'binary'} message of ${event.payload.length} bytes`;
    case 'ping':
    case 'pong':
      return `a ${event.kind} of ${event.payload.length} bytes`;
    case 'close':
      return `close ${event.code ?? 'without code'}`;
    case 'end':
      return 'the end of TCP';
    case 'reset':
      return 'a TCP reset';
    case 'fault':
      return event.what;
  }
}
