import { ListenError } from '../../errors.ts';

const listenErrorCodes: ReadonlyMap<string, ListenError['code']> = new Map([
  ['EADDRINUSE', 'addressInUse'],
  ['EADDRNOTAVAIL', 'addressNotAvailable'],
  ['ENOTFOUND', 'invalidHost'],
  ['EAI_AGAIN', 'invalidHost'],
  ['EAI_ADDRFAMILY', 'invalidHost'],
  ['EINVAL', 'invalidHost'],
  ['EAFNOSUPPORT', 'addressNotAvailable'],
  ['EACCES', 'permissionDenied'],
]);

/** The error of the system, with a code of ours. */
export function toListenError(error: unknown, where: { host: string; port: number }): ListenError {
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : '';
  const code = listenErrorCodes.get(systemCode) ?? 'listenFailed';
  const address = where.host.includes('/') ? where.host : `${where.host}:${where.port}`;
  const message = `Cannot listen on ${address}: ${systemWords(error, code)}`;
  return new ListenError(code, message, where, error);
}

/** The fault, without the address, which stands in front. */
function systemWords(error: unknown, code: ListenError['code']): string {
  if (code === 'addressInUse') return 'Address already in use';
  if (code === 'invalidHost') return 'that is no address of this machine, and no name of one';
  const text = error instanceof Error ? error.message : String(error);
  return /^\w+ E[A-Z0-9]+: ([a-z][a-z ',-]*[a-z])/.exec(text)?.[1] ?? text;
}
