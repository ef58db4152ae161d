/** The few forms of DER (ITU-T X.690) that a certificate is made of. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256);
  const header = body.length < 0x80 ? [tag, body.length] : [tag, 0x80 + length.length, ...length];
  return Buffer.concat([Buffer.from(header), body]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => der(0x31, ...items);
export const integer = (value: number): Buffer => der(0x02, Buffer.from([0, value]).subarray(value < 0x80 ? 1 : 0));
export const bool = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);
export const bits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.from([0]), bytes);
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
/** Context-specific; `constructed` for what contains other elements. */
export const context = (number: number, isConstructed: boolean, ...content: readonly Uint8Array[]): Buffer =>
  der((isConstructed ? 0xa0 : 0x80) + number, ...content);

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(128 + (left % 128));
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, in whole seconds. */
export function time(date: Date): Buffer {
  const text = date.toISOString().replace(/\.\d+Z$/, 'Z');
  return der(0x18, Buffer.from(text.replace(/[-:T]/g, '')));
}

export function pem(label: string, bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes).toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
