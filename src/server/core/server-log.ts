/** How much a line of the log matters. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Gets what a server has to say about connections that no callback hears of, such as a TLS handshake that failed. */
export type LogCallback = (level: LogLevel, message: string) => void;
