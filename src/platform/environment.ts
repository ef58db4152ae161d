import process from 'node:process';

/** A variable of the environment; one that is empty counts as not set. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name] || undefined;
}
