import type { WebSocketDataMessage } from '../../index.ts';
import type { Dialect } from '../conversation/dialect.ts';
import type { ShownMessage } from '../conversation/events.ts';
import type { Line, Outgoing } from '../conversation/outbox.ts';
import { decodePdu, encodePdu, type PduFields, pduText } from '../peers/pdu.ts';

/** The texts for programs that do not know the field `event`. */
const ANNOUNCEMENTS = { join: '* joined the chat *', leave: '* left the chat *' } as const;

/**
 * The messages of a chat: who says what, as the C++ command writes it. Joining and leaving are such messages as well,
 * with a text that says so and one field more, which others ignore; so nobody forges one by its text.
 */
export class ChatDialect implements Dialect {
  readonly greeting?: Outgoing;
  readonly farewell?: Outgoing;
  private readonly user: string;

  constructor(user: string, announces: boolean) {
    this.user = user;
    if (!announces) return;
    this.greeting = announcement(user, 'join');
    this.farewell = announcement(user, 'leave');
  }

  outgoing(line: Line): Outgoing {
    return binary({ text: line, user: this.user });
  }

  incoming(message: WebSocketDataMessage): ShownMessage {
    const pdu = decodePdu(message.bytes);
    // Whoever sent it uses another program: better shown than lost.
    if (pdu === undefined) return { payload: message.data, from: '(not a chat message)' };
    const from = pduText(pdu, 'user');
    const event = pduText(pdu, 'event');
    if (event === 'join' || event === 'leave') return { payload: '', from, event };
    return { payload: pduText(pdu, 'text'), from };
  }
}

function announcement(user: string, event: 'join' | 'leave'): Outgoing {
  return binary({ event, text: ANNOUNCEMENTS[event], user });
}

function binary(fields: PduFields): Outgoing {
  return { data: encodePdu(fields), isBinary: true };
}
