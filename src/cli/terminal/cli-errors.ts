/** Something went wrong that is no bug: shown in one line as `ws: <what>: <why>`, with the hint below it. */
export class CliError extends Error {
  readonly what: string;
  readonly hint: string | undefined;

  constructor(what: string, why: string, hint?: string, options?: { cause?: unknown }) {
    super(why, options);
    this.name = new.target.name;
    this.what = what;
    this.hint = hint;
  }
}

/** The command line says something that cannot be done. */
export class WrongUsage extends CliError {}
