// A date and time on the clock of some zone, as a moment that a server understands.

export const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
export const zones = () => [...new Set([here(), "UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];

// By how many minutes the zone's clock is ahead of UTC at that moment.
const ahead = (zone, moment) => {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" })
    .formatToParts(moment);
  const part = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Math.round((Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - moment) / 60000);
};

// "2026-12-01T09:00" in "Europe/Oslo" -> "2026-12-01T09:00:00+01:00". An hour that the clock skips moves on.
export const momentIn = (local, zone) => {
  const naive = Date.parse(`${local}:00Z`);
  if (Number.isNaN(naive)) return null;
  const offset = ahead(zone, naive - ahead(zone, naive) * 60000);
  const sign = offset < 0 ? "-" : "+", size = Math.abs(offset), two = (number) => String(number).padStart(2, "0");
  return `${local}:00${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
};

// Now on the zone's clock, as a field for date and time takes it.
export const nowIn = (zone, plusMinutes = 0) => {
  const moment = Date.now() + plusMinutes * 60000;
  return new Date(moment + ahead(zone, moment - (moment % 1000)) * 60000).toISOString().slice(0, 16);
};
