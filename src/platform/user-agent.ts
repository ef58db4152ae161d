import process from 'node:process';
import { version } from '../util/version.ts';

/** What clients send as `User-Agent` and servers as `Server`, in the seed library's form. */
export const userAgent: string = `ixwebsocket/${version} ${process.platform} ssl/OpenSSL ${process.versions.openssl ?? ''} zlib ${process.versions.zlib ?? ''}`;
