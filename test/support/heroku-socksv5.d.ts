/** What the tests use of the package, which has no types of its own. */
declare module '@heroku/socksv5' {
  import type { Server } from 'node:net';

  interface ConnectInfo {
    readonly dstAddr: string;
    readonly dstPort: number;
  }

  interface AuthHandler {
    readonly METHOD: number;
  }

  interface SocksServer extends Server {
    useAuth(handler: AuthHandler): SocksServer;
  }

  const socks: {
    createServer(onConnect: (info: ConnectInfo, accept: () => void, deny: () => void) => void): SocksServer;
    readonly auth: {
      None(): AuthHandler;
      UserPassword(check: (user: string, password: string, answer: (isValid: boolean) => void) => void): AuthHandler;
    };
  };
  export default socks;
}
