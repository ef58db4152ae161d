import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ServerWebSocket, SocketServerOptions, WebSocketServer } from '../../src/index.ts';
import { Topics } from '../../src/server/audience/topics.ts';
import { turns } from '../support/eventually.ts';
import { connectClient, type LoggedClient, startServer } from '../support/running.ts';

const limits = { maxTopics: 3, maxTopicLength: 9 };

describe('a registry of topics', () => {
  test('keeps no topic without subscribers, and no subscriber without topics', () => {
    const topics = new Topics<object>(limits);
    const [a, b] = [{}, {}];
    topics.subscribe(a, 'x');
    topics.subscribe(b, 'x');
    topics.subscribe(b, 'y');
    expect(topics.size).toBe(2);
    expect(topics.unsubscribe(b, 'y')).toBe(true);
    expect(topics.unsubscribe(b, 'y')).toBe(false);
    topics.forget(a);
    expect([...(topics.subscribersOf('x') ?? [])]).toEqual([b]);
    topics.forget(b);
    topics.forget(b);
    expect(topics.size).toBe(0);
    expect(topics.subscribersOf('x')).toBeUndefined();
    expect(topics.topicsOf(b)).toEqual([]);
  });

  test('refuses too many topics and names that are none', () => {
    const topics = new Topics<object>(limits);
    const a = {};
    expect(topics.subscribe(a, '')).toEqual({ success: false, code: 'invalidTopic' });
    expect(topics.subscribe(a, '1234567890')).toEqual({ success: false, code: 'invalidTopic' });
    expect(topics.subscribe(a, 'äöüß€')).toEqual({ success: false, code: 'invalidTopic' });
    expect(topics.subscribe(a, '\ud800')).toEqual({ success: false, code: 'invalidTopic' });
    for (const name of ['äöüß', '__proto__', '*']) expect(topics.subscribe(a, name)).toEqual({ success: true });
    expect(topics.subscribe(a, 'fourth')).toEqual({ success: false, code: 'tooManyTopics' });
    expect(topics.subscribe(a, '*')).toEqual({ success: true });
    expect(topics.topicsOf(a)).toEqual(['äöüß', '__proto__', '*']);
    expect(topics.size).toBe(3);
  });

  test('is what two plain sets would be, whatever is done to it', () => {
    const act = fc.record({
      what: fc.constantFrom('subscribe', 'unsubscribe', 'forget'),
      who: fc.nat(3),
      topic: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    });
    fc.assert(
      fc.property(fc.array(act), (acts) => {
        const topics = new Topics<object>(limits);
        const people = [{}, {}, {}, {}];
        const model = people.map(() => new Set<string>());
        for (const { what, who, topic } of acts) {
          const person = people[who] as object;
          const set = model[who] as Set<string>;
          if (what === 'subscribe') {
            const { success } = topics.subscribe(person, topic);
            expect(success).toBe(set.has(topic) || set.size < 3);
            if (success) set.add(topic);
          } else if (what === 'unsubscribe') expect(topics.unsubscribe(person, topic)).toBe(set.delete(topic));
          else {
            topics.forget(person);
            set.clear();
          }
        }
        for (const [i, person] of people.entries()) expect(topics.topicsOf(person)).toEqual([...(model[i] ?? [])]);
        for (const topic of 'abcde') {
          const subscribers = people.filter((_, i) => model[i]?.has(topic));
          expect(topics.subscribersOf(topic) ?? new Set()).toEqual(new Set(subscribers));
        }
        expect(topics.size).toBe(new Set(model.flatMap((set) => [...set])).size);
      }),
    );
  });
});

interface Club {
  readonly server: WebSocketServer;
  readonly webSockets: ServerWebSocket[];
  readonly clients: LoggedClient[];
}

async function openClub(count: number, options: SocketServerOptions = {}): Promise<Club> {
  const webSockets: ServerWebSocket[] = [];
  const { server, url } = await startServer(options, (made) => {
    made.setOnConnectionCallback((webSocket) => void webSockets.push(webSocket));
  });
  const clients: LoggedClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await connectClient(url));
  return { server, webSockets, clients };
}

describe('connections and topics', () => {
  test('publish() of the server reaches the subscribers, in order', async () => {
    const { server, webSockets, clients } = await openClub(3);
    webSockets[0]?.subscribe('news');
    webSockets[1]?.subscribe('news');
    webSockets[1]?.subscribe('sports');
    expect(server.getSubscriberCount('news')).toBe(2);
    expect(server.publish('news', 'n1')).toEqual({ success: true, sent: 2, dropped: 0 });
    expect(server.publish('sports', 's1')).toMatchObject({ sent: 1 });
    expect(server.publish('nothing', 'x')).toEqual({ success: true, sent: 0, dropped: 0 });
    server.publish('news', 'n2', { except: webSockets[0] });
    expect((await clients[1]?.log.atLeast('message', 3))?.map(({ data }) => data)).toEqual(['n1', 's1', 'n2']);
    await clients[0]?.log.atLeast('message', 1);
    await turns();
    expect(clients[0]?.log.data).toEqual(['n1']);
    expect(clients[2]?.log.data).toEqual([]);
  });

  test('publish() of a connection reaches the others', async () => {
    const { webSockets, clients } = await openClub(3);
    for (const webSocket of webSockets) webSocket.subscribe('room');
    expect(webSockets[0]?.publish('room', 'hello')).toMatchObject({ sent: 2 });
    expect((await clients[1]?.log.next('message'))?.data).toBe('hello');
    expect((await clients[2]?.log.next('message'))?.data).toBe('hello');
    expect(clients[0]?.log.data).toEqual([]);
  });

  test('a connection tells what it has subscribed to, and forgets it at its end', async () => {
    const { server, webSockets, clients } = await openClub(1);
    const [webSocket] = webSockets;
    webSocket?.subscribe('b');
    webSocket?.subscribe('a');
    webSocket?.subscribe('b');
    expect(webSocket?.getSubscriptions()).toEqual(['b', 'a']);
    expect(webSocket?.isSubscribed('a')).toBe(true);
    expect(webSocket?.unsubscribe('b')).toBe(true);
    expect(webSocket?.isSubscribed('b')).toBe(false);
    const left = new Promise<unknown>((resolve) => {
      webSocket?.on('close', () => resolve([webSocket.getSubscriptions(), webSocket.subscribe('late')]));
    });
    clients[0]?.client.close();
    expect(await left).toEqual([[], { success: false, code: 'closed' }]);
    expect(server.getSubscriberCount('a')).toBe(0);
  });

  test('the limits are options', async () => {
    const { webSockets } = await openClub(1, { maxTopics: 1, maxTopicLength: 3 });
    expect(webSockets[0]?.subscribe('long')).toMatchObject({ code: 'invalidTopic' });
    expect(webSockets[0]?.subscribe('one')).toEqual({ success: true });
    expect(webSockets[0]?.subscribe('two')).toMatchObject({ code: 'tooManyTopics' });
    expect(() => webSockets[0]?.subscribe(1 as never)).toThrow('topic');
  });

  test('by default there are 1024 topics of 256 bytes', async () => {
    const { webSockets } = await openClub(1);
    const [webSocket] = webSockets;
    for (let i = 0; i < 1024; i++) expect(webSocket?.subscribe(`${i}`.padStart(256, 't')).success).toBe(true);
    expect(webSocket?.subscribe('one more')).toMatchObject({ code: 'tooManyTopics' });
    expect(webSocket?.unsubscribe('0'.padStart(256, 't'))).toBe(true);
    expect(webSocket?.subscribe('x'.repeat(257))).toMatchObject({ code: 'invalidTopic' });
    expect(webSocket?.subscribe('one more')).toEqual({ success: true });
  });

  test('callbacks subscribe, publish and close as they like', async () => {
    const { server, url } = await startServer({}, (made) => {
      made.setOnClientMessageCallback((_state, webSocket, msg) => {
        if (msg.type === 'open') webSocket.subscribe('room');
        if (msg.type === 'message') {
          webSocket.publish('room', `said ${String(msg.data)}`);
          if (msg.data === 'bye') webSocket.close();
        }
        if (msg.type === 'close') made.publish('room', 'somebody left');
      });
    });
    const [alice, bob] = [await connectClient(url), await connectClient(url)];
    alice.client.send('hello');
    alice.client.send('bye');
    const heard = await bob.log.atLeast('message', 3);
    expect(heard.map(({ data }) => data)).toEqual(['said hello', 'said bye', 'somebody left']);
    expect(alice.log.data).toEqual([]);
    expect(server.getSubscriberCount('room')).toBe(1);
  });
});
