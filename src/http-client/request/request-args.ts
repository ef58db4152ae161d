import { DenseSet, type Slotted } from '../../util/dense-set.ts';
import { type Resolved, resolveOption, resolveOptions } from '../../util/option-table.ts';
import { checkBoolean } from '../../util/options.ts';
import {
  type HttpRequestOptions,
  type OptionWithoutDefault,
  type RequestSettings,
  requestOptions,
} from './request-options.ts';

/** A request that can be cancelled by its arguments. */
export interface CancelWatcher extends Slotted {
  onCancel(): void;
}

type Settings = { -readonly [K in keyof RequestSettings]: RequestSettings[K] };

// For this folder only; the class has the keys.
let settingsOf: (args: HttpRequestArgs) => RequestSettings;
let watchersOf: (args: HttpRequestArgs) => DenseSet<CancelWatcher>;

type WithDefault = Exclude<keyof HttpRequestOptions, OptionWithoutDefault>;

/** Each of the {@link HttpRequestOptions}, checked when it is set; `undefined` sets its default. */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- a static block below defines each of them
export interface HttpRequestArgs
  extends Pick<HttpRequestOptions, OptionWithoutDefault>,
    Resolved<Pick<HttpRequestOptions, WithDefault>> {}

/**
 * Settings of a request, as `createRequest()` gives them. Everything is read when the request is made, but for
 * {@link cancel}, which acts at once. {@link HttpRequestOptions} says what each of them is for.
 *
 * @example
 * const args = httpClient.createRequest();
 * args.extraHeaders = { Accept: 'application/json' };
 * args.transferTimeout = 30;
 * const out = await httpClient.get('https://www.example.com', args);
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- see above
export class HttpRequestArgs {
  #settings: Settings;
  /** Settings that were given to a request must stay as they are. */
  #isShared = false;
  #isCancelled = false;
  readonly #running: DenseSet<CancelWatcher> = new DenseSet();

  constructor(options: HttpRequestOptions = {}) {
    this.#settings = resolveOptions(requestOptions, options);
  }

  /**
   * Set it to `true` to end every request that is running or queued with these arguments. It does nothing to those that
   * have completed; new ones end at once, until it is `false` again.
   */
  get cancel(): boolean {
    return this.#isCancelled;
  }

  set cancel(value: boolean) {
    this.#isCancelled = checkBoolean('cancel', value);
    if (value) for (const watcher of this.#running.all()) watcher.onCancel();
  }

  static {
    settingsOf = (args) => {
      args.#isShared = true;
      return args.#settings;
    };
    watchersOf = (args) => args.#running;
    for (const name of Object.keys(requestOptions.lines) as (keyof RequestSettings)[]) {
      Object.defineProperty(this.prototype, name, {
        configurable: true,
        get(this: HttpRequestArgs): unknown {
          return this.#settings[name];
        },
        set(this: HttpRequestArgs, value: unknown): void {
          this.#set(name, value);
        },
      });
    }
  }

  #set<K extends keyof RequestSettings>(name: K, value: unknown): void {
    const checked = resolveOption(requestOptions, name, value);
    if (this.#isShared) this.#settings = { ...this.#settings };
    this.#isShared = false;
    this.#settings[name] = checked;
  }
}

/** Tells `watcher` when `cancel` is set to true. */
export function watchCancel(args: HttpRequestArgs, watcher: CancelWatcher): void {
  watchersOf(args).add(watcher);
}

export function unwatchCancel(args: HttpRequestArgs, watcher: CancelWatcher): void {
  watchersOf(args).delete(watcher);
}

/** The settings that a call was given: arguments, plain options, or neither. */
export function settingsFrom(given: HttpRequestArgs | HttpRequestOptions | undefined): RequestSettings {
  if (given === undefined) return requestOptions.defaults;
  return given instanceof HttpRequestArgs ? settingsOf(given) : resolveOptions(requestOptions, given);
}
