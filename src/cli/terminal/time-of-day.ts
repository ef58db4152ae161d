/** Local time, as `2026-01-31 23:59:59.123`. */
export function dateAndTime(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 23).replace('T', ' ');
}

/** Local time, as `23:59:59.123`. */
export function timeOfDay(time: Date): string {
  return dateAndTime(time).slice(11);
}
