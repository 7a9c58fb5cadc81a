// Days and times as the reader wants them, as crm/domain/manner.py writes them on the server.
const { dates, hours } = document.documentElement.dataset;
const names = (date, part, timeZone) => date.toLocaleDateString("en-GB", { ...part, timeZone });

export function day(date, { weekday = false, year = false, timeZone } = {}) {
  const name = weekday ? names(date, { weekday: "short" }, timeZone) : "";
  const number = names(date, { day: "numeric" }, timeZone);
  const month = names(date, { month: "short" }, timeZone).slice(0, 3);
  const after = year ? names(date, { year: "numeric" }, timeZone) : "";
  if (dates === "iso") return `${name} ${date.toLocaleDateString("sv-SE", { timeZone })}`.trim();
  if (dates === "month_day") return [name, `${month} ${number}`, after].filter(Boolean).join(", ");
  return [name, number, month, after].filter(Boolean).join(" ");
}

export function time(date) {
  if (hours !== "12") return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
}
