import { TimerWheel } from '../util/timer-wheel.ts';
import { nodeClock } from './node-clock.ts';
import { throwOnFreshStack } from './turn.ts';

/** The deadlines of every connection of this process, on one timer. A tenth of a second is close enough for them. */
export const sharedWheel: TimerWheel = new TimerWheel(nodeClock, 100, { onError: throwOnFreshStack });
