import { describe, expect, test } from 'vitest';
import { ClientStatus, clientMoves } from '../../src/client/client-status.ts';

const { Idle, Connecting, Connected, Waiting, Over, Stopping, Restarting } = ClientStatus;

/** Each move, with what makes it. */
const moves: [ClientStatus, ClientStatus, string][] = [
  [Idle, Connecting, 'start() or connect()'],
  [Connecting, Connected, 'the attempt succeeded'],
  [Connecting, Waiting, 'the attempt failed'],
  [Connecting, Over, 'the one attempt of connect() failed'],
  [Connecting, Stopping, 'stop()'],
  [Connected, Waiting, 'the connection is over'],
  [Connected, Over, 'the connection is over, and no other is wanted'],
  [Connected, Stopping, 'stop()'],
  [Waiting, Connecting, 'the wait is over'],
  [Waiting, Over, 'no attempt follows'],
  [Waiting, Stopping, 'stop()'],
  [Over, Waiting, 'reconnection was enabled by the callback of the last message'],
  [Over, Idle, 'the last message is delivered'],
  [Over, Stopping, 'stop()'],
  [Over, Restarting, 'start() in the callback of the last message'],
  [Stopping, Idle, 'everything has ended'],
  [Stopping, Restarting, 'start()'],
  [Restarting, Waiting, 'reconnection was enabled by the callback of the last message'],
  [Restarting, Idle, 'everything has ended'],
  [Restarting, Stopping, 'stop()'],
];

describe('the states of a client', () => {
  test.each(moves)('%s becomes %s: %s', (from, to) => {
    expect(clientMoves[from]).toContain(to);
  });

  test('there is no other move', () => {
    const known = new Set(moves.map(([from, to]) => `${from} ${to}`));
    const all = Object.values(ClientStatus).flatMap((from) => clientMoves[from].map((to) => `${from} ${to}`));
    expect(all.filter((move) => !known.has(move))).toEqual([]);
  });

  test('every state but idle can be stopped, and leads back to idle', () => {
    for (const from of Object.values(ClientStatus)) {
      if (from !== Idle && from !== Stopping) expect(clientMoves[from]).toContain(Stopping);
    }
    expect(clientMoves[Stopping]).toContain(Idle);
  });
});
