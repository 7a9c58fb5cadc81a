// Days and times as the reader wants them, as crm/domain/manner.py writes them on the server.
import { list, say } from "./words.js";

const { dates, hours } = document.documentElement.dataset;
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const part = (date, wanted, timeZone) => date.toLocaleDateString("en-GB", { ...wanted, timeZone });

export function day(date, { weekday = false, year = false, timeZone } = {}) {
  const name = weekday ? list("days")[DAYS.indexOf(part(date, { weekday: "short" }, timeZone))] : "";
  const number = part(date, { day: "numeric" }, timeZone);
  const month = list("months")[part(date, { month: "numeric" }, timeZone) - 1];
  const after = year ? part(date, { year: "numeric" }, timeZone) : "";
  if (dates === "iso") return `${name} ${date.toLocaleDateString("sv-SE", { timeZone })}`.trim();
  if (dates === "month_day") return [name, `${month} ${number}`, after].filter(Boolean).join(", ");
  return [name, number, month, after].filter(Boolean).join(" ");
}

export function time(date) {
  if (hours !== "12") return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const said = date.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
  return said.replace("AM", say("am")).replace("PM", say("pm"));
}
