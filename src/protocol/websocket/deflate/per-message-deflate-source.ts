import type { DeflateEngines } from '../../ports.ts';
import type { MemoryBudget } from '../frames/message-assembler.ts';
import type { ParsedExtension } from '../handshake/extension-header.ts';
import { PerMessageDeflate } from './per-message-deflate.ts';
import {
  acceptPerMessageDeflate,
  judgePerMessageDeflate,
  offerPerMessageDeflate,
  type PerMessageDeflateAgreement,
} from './per-message-deflate-negotiation.ts';
import type { PerMessageDeflateSettings } from './per-message-deflate-options.ts';

/** permessage-deflate as one client or one server does it: the negotiation, and what comes out of it. */
export class PerMessageDeflateSource {
  private readonly role: 'client' | 'server';
  private readonly settings: PerMessageDeflateSettings;
  private readonly getEngines: () => DeflateEngines;
  private readonly budget: MemoryBudget | undefined;
  /** Those that keep nothing of their own serve all connections with the same window; its bits are the index. */
  private readonly stateless: (PerMessageDeflate | undefined)[] = [];

  /** The engines are asked for when the extension is first negotiated. */
  constructor(
    role: 'client' | 'server',
    settings: PerMessageDeflateSettings,
    getEngines: () => DeflateEngines,
    budget?: MemoryBudget,
  ) {
    this.role = role;
    this.settings = settings;
    this.getEngines = getEngines;
    this.budget = budget;
  }

  /** To be called for each opening handshake. */
  begin(): PerMessageDeflateHandshake {
    return new PerMessageDeflateHandshake(this);
  }

  /** @internal What a client puts into its request. */
  offer(): readonly ParsedExtension[] {
    const { settings } = this;
    return settings.enabled ? offerPerMessageDeflate(settings, this.getEngines().canKeepHistory) : [];
  }

  /** @internal What the answer of a server comes to, or why it is against the rules. */
  judge(answers: readonly ParsedExtension[]): PerMessageDeflate | string {
    const judged = judgePerMessageDeflate(answers, this.settings, this.getEngines().canKeepHistory);
    return judged.ok ? this.create(judged.agreement) : judged.reason;
  }

  /** @internal What a server answers, and what comes of it; `undefined` when it can use none of the offers. */
  accept(offers: readonly ParsedExtension[]): readonly [ParsedExtension, PerMessageDeflate] | undefined {
    const { settings } = this;
    if (!settings.enabled) return undefined;
    const accepted = acceptPerMessageDeflate(offers, settings, this.getEngines().canKeepHistory);
    return accepted && [accepted.answer, this.create(accepted.agreement)];
  }

  private create(agreement: PerMessageDeflateAgreement): PerMessageDeflate {
    const { role, settings, budget } = this;
    const { clientNoContextTakeover, serverNoContextTakeover, clientMaxWindowBits, serverMaxWindowBits } = agreement;
    const parts = { role, agreement, settings, engines: this.getEngines(), budget };
    if (!clientNoContextTakeover || !serverNoContextTakeover) return new PerMessageDeflate(parts);
    return (this.stateless[role === 'server' ? serverMaxWindowBits : clientMaxWindowBits] ??= new PerMessageDeflate(
      parts,
    ));
  }
}

/** permessage-deflate in one opening handshake: what is said about it, and {@link deflate}, which comes of it. */
export class PerMessageDeflateHandshake {
  /** The extension as it was agreed on; none before that. */
  deflate: PerMessageDeflate | undefined;
  private readonly source: PerMessageDeflateSource;

  constructor(source: PerMessageDeflateSource) {
    this.source = source;
  }

  /** The extensions that a client offers. */
  offer(): readonly ParsedExtension[] {
    return this.source.offer();
  }

  /** Why the extensions that a server answered with cannot be used, or `undefined`. */
  judge(answers: readonly ParsedExtension[]): string | undefined {
    const result = this.source.judge(answers);
    if (typeof result === 'string') return result;
    this.deflate = result;
    return undefined;
  }

  /** The extensions that a server answers with. */
  accept(offers: readonly ParsedExtension[]): readonly ParsedExtension[] {
    const accepted = this.source.accept(offers);
    if (accepted === undefined) return [];
    this.deflate = accepted[1];
    return [accepted[0]];
  }
}
