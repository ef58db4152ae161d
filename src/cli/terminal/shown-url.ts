const SECRET_NAME = /token|secret|pass|pwd|auth|key|sig|jwt|session|sid|cred|code|bearer|ticket|otp|^t$/i;
/** Whatever is longer may be a token under any name. */
const MAX_SHOWN_VALUE = 8;
const HIDDEN = '(not shown)';

/** A URL, or a part of one, without user, password and what may be tokens in its query: for logs, which many can read. */
export function shownUrl(url: string): string {
  const [, before = '', query] = /^([^?#]*)(?:\?([^#]*))?/s.exec(url) ?? [];
  const place = before.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1');
  return query === undefined ? place : `${place}?${query.split('&').map(shownParameter).join('&')}`;
}

function shownParameter(parameter: string): string {
  const [, name = '', sign = '', value = ''] = /^([^=]*)(=?)(.*)$/s.exec(parameter) ?? [];
  if (sign === '') return name.length > MAX_SHOWN_VALUE ? HIDDEN : name;
  return value !== '' && (value.length > MAX_SHOWN_VALUE || SECRET_NAME.test(name)) ? `${name}=${HIDDEN}` : parameter;
}
