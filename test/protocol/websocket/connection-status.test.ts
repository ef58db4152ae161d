import { describe, expect, test } from 'vitest';
import { allowedMoves, ConnectionStatus, canMove } from '../../../src/protocol/websocket/closing/connection-status.ts';

const { Connecting, Open, ClosedByUs, ClosedByPeer, CloseAcknowledged, Closed } = ConnectionStatus;
const all = Object.values(ConnectionStatus);

/** Sections 4.1, 7.1.2 to 7.1.4: from which state a connection may go where. */
const moves: [ConnectionStatus, ConnectionStatus][] = [
  [Connecting, Open],
  [Connecting, Closed],
  [Open, ClosedByUs],
  [Open, ClosedByPeer],
  [Open, Closed],
  [ClosedByUs, CloseAcknowledged],
  [ClosedByUs, Closed],
  [ClosedByPeer, CloseAcknowledged],
  [ClosedByPeer, Closed],
  [CloseAcknowledged, Closed],
];

describe('the states of a connection', () => {
  test.each(moves)('%s may become %s', (from, to) => {
    expect(canMove(from, to)).toBe(true);
  });

  test('no other move is allowed', () => {
    const allowed = new Set(moves.map(([from, to]) => `${from} ${to}`));
    for (const from of all) {
      for (const to of all) expect(canMove(from, to), `${from} to ${to}`).toBe(allowed.has(`${from} ${to}`));
    }
  });

  test('closed is the end, and can be reached from everywhere else', () => {
    expect(all.filter((from) => !canMove(from, Closed))).toEqual([Closed]);
    expect(all.filter((to) => canMove(Closed, to))).toEqual([]);
  });

  test('the table cannot be changed', () => {
    expect(Object.isFrozen(allowedMoves)).toBe(true);
  });
});
