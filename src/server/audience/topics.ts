import { utf8Length } from '../../protocol/websocket/text/text.ts';

/** The reasons for which {@link Topics.subscribe} refuses. */
export type SubscribeErrorCode = 'closed' | 'invalidTopic' | 'tooManyTopics';

/** The outcome of a subscription. */
export type SubscribeInfo =
  | { readonly success: true }
  | {
      readonly success: false;
      /**
       * - `closed`: the connection is not open.
       * - `invalidTopic`: the name is empty, longer than `maxTopicLength`, or not valid text.
       * - `tooManyTopics`: the connection has `maxTopics` already.
       */
      readonly code: SubscribeErrorCode;
    };

export interface TopicLimits {
  /** Topics of one subscriber. */
  readonly maxTopics: number;
  /** Bytes of a name in UTF-8. */
  readonly maxTopicLength: number;
}

const subscribed: SubscribeInfo = Object.freeze({ success: true });

/** @internal */
export function notSubscribed(code: SubscribeErrorCode): SubscribeInfo {
  return { success: false, code };
}

/** The subscribers of each topic. A topic is there as long as it has one. */
export class Topics<C extends object> {
  private readonly limits: TopicLimits;
  private readonly bySubscriber = new Map<C, Set<string>>();
  private readonly byTopic = new Map<string, Set<C>>();

  constructor(limits: TopicLimits) {
    this.limits = limits;
  }

  /** Topics that have a subscriber. */
  get size(): number {
    return this.byTopic.size;
  }

  /** Does nothing, successfully, for one who has subscribed already. */
  subscribe(subscriber: C, topic: string): SubscribeInfo {
    const { maxTopics, maxTopicLength } = this.limits;
    // Before it is measured: a name is never shorter in UTF-8.
    const length = topic.length > maxTopicLength ? -1 : utf8Length(topic);
    if (length < 1 || length > maxTopicLength) return notSubscribed('invalidTopic');
    let topics = this.bySubscriber.get(subscriber);
    if (topics?.has(topic) === true) return subscribed;
    if (topics !== undefined && topics.size >= maxTopics) return notSubscribed('tooManyTopics');
    if (topics === undefined) {
      topics = new Set();
      this.bySubscriber.set(subscriber, topics);
    }
    topics.add(topic);
    const subscribers = this.byTopic.get(topic);
    if (subscribers === undefined) this.byTopic.set(topic, new Set([subscriber]));
    else subscribers.add(subscriber);
    return subscribed;
  }

  /** Returns false when there was no such subscription. */
  unsubscribe(subscriber: C, topic: string): boolean {
    const topics = this.bySubscriber.get(subscriber);
    if (topics?.delete(topic) !== true) return false;
    if (topics.size === 0) this.bySubscriber.delete(subscriber);
    this.leave(subscriber, topic);
    return true;
  }

  /** Ends all subscriptions of one who has gone. */
  forget(subscriber: C): void {
    const topics = this.bySubscriber.get(subscriber);
    if (topics === undefined) return;
    this.bySubscriber.delete(subscriber);
    for (const topic of topics) this.leave(subscriber, topic);
  }

  isSubscribed(subscriber: C, topic: string): boolean {
    return this.bySubscriber.get(subscriber)?.has(topic) ?? false;
  }

  /** In the order in which they were subscribed to. */
  topicsOf(subscriber: C): string[] {
    return [...(this.bySubscriber.get(subscriber) ?? [])];
  }

  subscribersOf(topic: string): ReadonlySet<C> | undefined {
    return this.byTopic.get(topic);
  }

  private leave(subscriber: C, topic: string): void {
    const subscribers = this.byTopic.get(topic);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.byTopic.delete(topic);
  }
}
