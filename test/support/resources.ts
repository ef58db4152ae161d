import { eventually } from './eventually.ts';

/** What keeps this process alive, counted by kind. */
export function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo().toSorted()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** Waits until no socket and no server is left but those of `before`. */
export async function noSocketsBut(before: Record<string, number>): Promise<void> {
  const isBack = (kind: string): boolean => (activeResources()[kind] ?? 0) <= (before[kind] ?? 0);
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'ConnectWrap', 'TCPConnectWrap', 'GetAddrInfoReqWrap', 'Timeout'];
  await eventually(`the resources to be back: ${JSON.stringify(before)}`, () => kinds.every(isBack));
}
