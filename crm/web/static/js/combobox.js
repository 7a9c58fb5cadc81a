// What fields that suggest people while one types have in common: the question, the list and its keys. Whoever extends it
// says which options there are (options), which is marked at first (first) and what choosing one does (choose).
import { say } from "./words.js";

const WAIT = 120;
let fields = 0;

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const initials = (name) => {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => word?.[0] ?? "").join("").toUpperCase();
};

function marked(name, query) {
  const at = name.toLowerCase().indexOf(query.toLowerCase());
  if (at < 0 || !query) return [name];
  return [name.slice(0, at), element("mark", {}, name.slice(at, at + query.length)), name.slice(at + query.length)];
}

export class Combobox extends HTMLElement {
  first = 0;
  offersUnasked = false; // whether there is a list before anything was typed

  connectedCallback() {
    if (this.list) return;
    this.input = this.querySelector(".person-input, [type=search]");
    this.list = element("div", { class: "suggestions", role: "listbox", id: `people-${++fields}`, "aria-label": say("people") });
    this.list.hidden = true;
    this.append(this.list);
    const combobox = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(combobox)) this.input.setAttribute(name, value);
    this.listen();
  }

  listen() {
    this.input.addEventListener("input", () => this.ask());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.input === document.activeElement || this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
  }

  ask() {
    clearTimeout(this.timer);
    this.asked?.abort();
    const query = this.input.value.trim();
    if (!query && !this.offersUnasked) return this.close();
    this.isAsking = true;
    this.timer = setTimeout(() => this.fetch(query), WAIT);
  }

  async fetch(query) {
    this.asked = new AbortController();
    try {
      const answer = await fetch(`${this.getAttribute("suggest")}?q=${encodeURIComponent(query)}`, {
        headers: { Accept: "application/json" },
        signal: this.asked.signal,
      });
      if (answer.ok) this.show(query, await answer.json());
      else this.close();
    } catch (fault) {
      if (fault.name !== "AbortError") this.lost(); // Offline: the plain field still posts what was typed.
    }
  }

  lost() {
    this.close();
  }

  show(query, people) {
    this.isAsking = false;
    this.query = query;
    this.list.replaceChildren(...this.options(query, people));
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(query ? this.first : null);
  }

  person(person, query) {
    const name = element("span", { class: "suggestion-name" }, ...marked(person.name, query), " ", element("span", { class: "suggestion-detail" }, person.detail ?? ""));
    const option = this.option(String(person.id), initials(person.name), name);
    option.person = person;
    return option;
  }

  option(key, letters, words) {
    const avatar = element("span", { class: "avatar", "aria-hidden": "true" }, letters);
    return element("div", { class: "suggestion-option", role: "option", id: `${this.list.id}-${key}` }, avatar, words);
  }

  // What is no person: somebody new, or a search.
  other(key, letters, words) {
    const option = this.option(key, letters, element("span", { class: "suggestion-name" }, words));
    option.classList.add("suggestion-new");
    return option;
  }

  mark(index) {
    const options = [...this.list.children];
    this.at = index === null ? -1 : (index + options.length) % options.length;
    options.forEach((option, n) => option.setAttribute("aria-selected", String(n === this.at)));
    if (this.at < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", options[this.at].id);
    options[this.at].scrollIntoView({ block: "nearest" });
  }

  // What is marked, unless more was typed since the list came: nobody is taken for what one did not read.
  choice() {
    const answered = !this.list.hidden && this.query === this.input.value.trim();
    return answered ? this.list.children[this.at] : undefined;
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" && !open) return this.ask();
    if (!open || event.isComposing) return;
    const chosen = this.choice();
    if (event.key === "ArrowDown") this.mark(this.at + 1);
    else if (event.key === "ArrowUp") this.mark(Math.max(this.at, 0) - 1);
    else if (event.key === "Enter" && chosen && !event.ctrlKey && !event.metaKey) this.choose(chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.isAsking = false;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
