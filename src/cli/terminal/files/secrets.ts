import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { WrongUsage } from '../cli-errors.ts';
import type { Environment } from '../environment.ts';
import { reasonOf } from '../output.ts';

/**
 * A value that may be secret. What is typed on a command line is seen by every user of the machine and kept in the
 * history of the shell, so `@FILE` takes it from a file and `@env:NAME` from an environment variable.
 */
export type Secret =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'variable'; readonly name: string };

/** A header, or where lines with headers are. */
export type HeaderSource = readonly [name: string, value: string] | Secret;

/** The longest file that is taken for a secret. */
const MAX_FILE_BYTES = 64 * 1024;

/** Looks the value up, without the line end that files have; `option` is named when that fails. */
export function revealSecret(secret: Secret, command: string, option: string, environment: Environment): string {
  switch (secret.kind) {
    case 'text':
      return secret.text;
    case 'variable': {
      const value = environment.variables[secret.name];
      if (value === undefined) throw new WrongUsage(command, `${option}: there is no variable ${secret.name}`);
      return value;
    }
    case 'file':
      return withoutLineEnd(readSecretFile(secret.path, command, option));
    default:
      return secret satisfies never;
  }
}

function readSecretFile(path: string, command: string, option: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      if (fstatSync(file).size > MAX_FILE_BYTES) throw new Error(`${path} is larger than 64 KiB`);
      return readFileSync(file, 'utf8');
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new WrongUsage(command, `${option}: ${reasonOf(error)}`, undefined, { cause: error });
  }
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}
