// What the chat server and its clients say to each other, as JSON in text messages.

/** From a client. */
export type Request =
  | { readonly do: 'join'; readonly room: string; readonly name: string }
  | { readonly do: 'say'; readonly text: string };

/** From the server. */
export type Notice =
  | { readonly what: 'joined' | 'left'; readonly name: string }
  | { readonly what: 'said'; readonly name: string; readonly text: string }
  | { readonly what: 'refused'; readonly reason: string };

/** A request that has come over the network, or `undefined` when it is none. */
export function parseRequest(text: string): Request | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { do: verb, room, name, text: said } = value as Record<string, unknown>;
  if (verb === 'join' && isShort(room) && isShort(name)) return { do: 'join', room, name };
  if (verb === 'say' && typeof said === 'string') return { do: 'say', text: said };
  return undefined;
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= 32;
}
