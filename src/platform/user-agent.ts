import process from 'node:process';
import { version } from '../util/version.ts';

/** The value of `User-Agent` and `Server`, in the form of IXWebSocket. */
export const userAgent: string = `ixwebsocket/${version} ${process.platform} ssl/OpenSSL ${process.versions.openssl ?? ''} zlib ${process.versions.zlib ?? ''}`;
