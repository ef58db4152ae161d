import type { ConnectEvent, ShownMessage } from './events.ts';
import type { Line } from './outbox.ts';

/** The source of lines, and the place where messages and events are shown. */
export interface Screen {
  readonly lines: AsyncIterable<Line>;
  /** True when somebody types, and sees each line's effect before the next. */
  readonly isInteractive: boolean;
  /** Shows a message. When it returns false, `onDrained` is called once more can be shown. */
  show(message: ShownMessage, onDrained: () => void): boolean;
  /** Shows what else happens. */
  tell(event: ConnectEvent): void;
  /** Ends reading lines and gives the terminal back. */
  close(): void;
}
