import { PartialFile } from '../http/files/partial-file.ts';
import { HttpErrorCode } from '../http/http-error-code.ts';
import type { HttpResponse } from '../http/http-response.ts';
import type { ResponseHead } from '../protocol/http1/head/response-head.ts';
import { HttpHeaders } from '../protocol/http1/headers.ts';
import { parseContentRange, validatorOf } from './content-range.ts';
import { HttpFailure } from './http-failure.ts';
import type { RequestCall } from './request/request-call.ts';
import { ofArguments, responseOf } from './request/request-preparation.ts';
import type { BodyTaker } from './response/response-reception.ts';
import { noBytes } from './response/response-sink.ts';

export interface HttpDownloadOptions {
  /**
   * Continues a download that broke off, if the server still has the same version; its part stays beside the
   * file until then.
   * @default false
   */
  resume?: boolean | undefined;
}

/** Makes a request whose body goes to `taker`. */
export type Perform = (call: RequestCall, taker: BodyTaker) => Promise<HttpResponse<Buffer>>;

/** The part of a file that is asked for. */
interface Wanted {
  readonly from: number;
  readonly validator: string | undefined;
}

const whole: Wanted = { from: 0, validator: undefined };

/** One download into a file. */
export class Download {
  private readonly call: RequestCall;
  private readonly perform: Perform;
  private readonly file: PartialFile;
  private readonly resumes: boolean;

  constructor(call: RequestCall, path: string, resumes: boolean, perform: Perform) {
    this.call = call;
    this.perform = perform;
    this.file = new PartialFile(path);
    this.resumes = resumes;
  }

  /** The result; its body is empty. The file is there when the status is 200 or 206 and nothing went wrong. */
  async run(): Promise<HttpResponse<Buffer>> {
    try {
      const first = await this.begin();
      let out = await this.ask(first);
      // Another version, or a range that is not what was asked for: from the beginning.
      if (this.mustRestart(out, first)) {
        await this.file.restart(undefined);
        out = await this.ask(whole);
      }
      const isWhole = out.errorCode === HttpErrorCode.Ok && (out.statusCode === 200 || out.statusCode === 206);
      if (isWhole) await this.file.finish();
      else if (this.resumes && this.file.length > 0) await this.file.close();
      else await this.file.remove();
      return out;
    } catch (error) {
      await this.file.close().catch(() => undefined);
      return responseOf(undefined, noBytes, ofFile(error));
    }
  }

  private async begin(): Promise<Wanted> {
    const info = this.resumes ? await this.file.readInfo() : undefined;
    const isSame = info !== undefined && info.url === this.call.url;
    await this.file.open(isSame);
    if (isSame && this.file.length > 0) return { from: this.file.length, validator: info.validator };
    await this.file.restart(undefined);
    return whole;
  }

  private mustRestart(out: HttpResponse<Buffer>, { from }: Wanted): boolean {
    if (from === 0) return false;
    return out.statusCode === 416 || (out.statusCode === 206 && out.errorCode === HttpErrorCode.Invalid);
  }

  private async ask({ from, validator }: Wanted): Promise<HttpResponse<Buffer>> {
    const { settings } = this.call;
    const extraHeaders = HttpHeaders.from(settings.extraHeaders, 'extraHeaders');
    // Parts of a coded body could not be put together.
    if (this.resumes) extraHeaders.set('Accept-Encoding', 'identity');
    if (validator !== undefined) {
      extraHeaders.set('Range', `bytes=${from}-`);
      extraHeaders.set('If-Range', validator);
    }
    let accepts = false;
    const taker: BodyTaker = {
      onHead: (head) => {
        accepts = head.status === 200 || head.status === 206;
        this.checkHead(head, from, validator);
        if (head.status !== 200) return;
        this.opened = this.startAgain(head);
        // Whoever waits for it hears of it.
        this.opened.catch(() => undefined);
      },
      consume: async (chunk) => {
        if (!accepts) return;
        await this.opened;
        await this.write(chunk);
      },
    };
    const out = await this.perform({ ...this.call, settings: { ...settings, extraHeaders } }, taker);
    await this.opened;
    return out;
  }

  /** Settles when the file is ready for the body that is coming. */
  private opened: Promise<void> = Promise.resolve();

  /** @throws HttpFailure (`Invalid`) when the part is not the one that was asked for */
  private checkHead({ status, headers }: ResponseHead, from: number, validator: string | undefined): void {
    if (status !== 206) return;
    const range = parseContentRange(headers.get('Content-Range'));
    const tag = headers.get('ETag');
    const isOther = validator !== undefined && validator.startsWith('"') && tag !== undefined && tag !== validator;
    const reachesEnd = range?.total === undefined || range.last === range.total - 1;
    if (range !== undefined && from > 0 && range.first === from && reachesEnd && !isOther) return;
    throw new HttpFailure('Invalid', 'The server sent a part that nobody had asked for');
  }

  private async startAgain({ headers }: ResponseHead): Promise<void> {
    const validator = this.resumes ? validatorOf(headers) : undefined;
    await this.file.restart(validator === undefined ? undefined : { url: this.call.url, validator });
  }

  private async write(chunk: Buffer): Promise<void> {
    try {
      await this.file.append(chunk);
    } catch (error) {
      throw ofFile(error);
    }
  }
}

function ofFile(error: unknown): HttpFailure {
  if (error instanceof HttpFailure) return error;
  const isOfSystem = error instanceof Error && 'syscall' in error;
  if (!isOfSystem) return ofArguments(error);
  return new HttpFailure('CannotReadBody', `Cannot write the file: ${error.message}`, false, error);
}
