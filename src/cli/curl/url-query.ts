/** A URL with more in its query, in front of its fragment. */
export function withQuery(url: string, added: string): string {
  const [, stem = '', fragment = ''] = /^([^#]*)(.*)$/s.exec(url) ?? [];
  const joint = stem.includes('?') ? (/[?&]$/.test(stem) ? '' : '&') : '?';
  return `${stem}${joint}${added}${fragment}`;
}
