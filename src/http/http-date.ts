const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment, in ms since 1970, as an IMF-fixdate (RFC 9110 5.6.7). Fractions of a second are cut off. */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}

let cachedSecond = -1;
let cachedDate = '';

/** The value of `Date` for a response that is made now. It is formatted once a second. */
export function currentHttpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedDate = formatHttpDate(second * 1000);
  }
  return cachedDate;
}

const dayName = `(?:${days.join('|')})`;
const month = `(${months.join('|')})`;
const clockTime = '(\\d\\d):(\\d\\d):(\\d\\d)';

// RFC 9110 5.6.7, in the order of its grammar; all of them are case-sensitive and in GMT.
const imfFixdate = new RegExp(`^${dayName}, (\\d\\d) ${month} (\\d{4}) ${clockTime} GMT$`);
const rfc850Date = new RegExp(`^(?:${longDays.join('|')}), (\\d\\d)-${month}-(\\d\\d) ${clockTime} GMT$`);
const asctimeDate = new RegExp(`^${dayName} ${month} ([ \\d]\\d) ${clockTime} (\\d{4})$`);

/**
 * The moment that an HTTP-date names, in ms since 1970, or `undefined` when it is none: any of the three forms of
 * RFC 9110 5.6.7. The name of the day is not compared with the date, and a leap second counts as the next one.
 *
 * @param nowMs decides the century of the form that has two digits for the year
 */
export function parseHttpDate(text: string, nowMs: number = Date.now()): number | undefined {
  const imf = imfFixdate.exec(text);
  if (imf !== null) return momentOf(imf[3], imf[2], imf[1], imf.slice(4));
  const asctime = asctimeDate.exec(text);
  if (asctime !== null) return momentOf(asctime[6], asctime[1], asctime[2], asctime.slice(3));
  const rfc850 = rfc850Date.exec(text);
  if (rfc850 === null) return undefined;
  return momentOf(String(fullYear(Number(rfc850[3]), nowMs)), rfc850[2], rfc850[1], rfc850.slice(4));
}

/** RFC 9110 5.6.7: what would be more than 50 years in the future is in the past. */
function fullYear(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

function momentOf(
  yearText: string | undefined,
  monthText: string | undefined,
  dayText: string | undefined,
  time: readonly (string | undefined)[],
): number | undefined {
  const year = Number(yearText);
  const monthIndex = months.indexOf(monthText ?? '');
  const day = Number(dayText);
  const [hours, minutes, seconds] = time.map(Number);
  if (hours === undefined || minutes === undefined || seconds === undefined) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const date = new Date(0);
  // Not Date.UTC, which takes years below 100 for those of the 20th century.
  date.setUTCFullYear(year, monthIndex, day);
  if (date.getUTCMonth() !== monthIndex || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hours, minutes, seconds);
}
