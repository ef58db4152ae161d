import { version } from '../util/version.ts';

/**
 * The default of `User-Agent` and `Server`: product and version. What IXWebSocket adds, platform and versions of OpenSSL
 * and zlib, tells an attacker what to try, and nobody else anything.
 */
export const userAgent: string = `ixwebsocket/${version}`;
