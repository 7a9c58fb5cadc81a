// <person-field suggest="/people/suggest">: a combobox over the plain text field inside. Choosing adds a token, a ticked
// checkbox named contact_ids (or new_names for somebody new); unticking a token takes the person out.
import { say } from "./words.js";

const WAIT = 120;
let fields = 0;

function element(tag, attributes = {}, ...children) {
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

class PersonField extends HTMLElement {
  connectedCallback() {
    if (this.list) return;
    this.input = this.querySelector(".person-input");
    this.box = this.querySelector(".person-box");
    this.input.removeAttribute("list");
    this.querySelector("datalist")?.remove();
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
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.choose(event.target.closest("[role=option]")));
    this.addEventListener("change", (event) => event.target.closest(".token") && this.drop(event.target.closest(".token")));
    this.box.addEventListener("click", (event) => event.target === this.box && this.input.focus());
  }

  ask() {
    clearTimeout(this.timer);
    this.asked?.abort();
    const query = this.input.value.trim();
    if (!query) return this.close();
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
    } catch {
      this.close(); // Offline or overtaken by the next letter: the plain field still posts what was typed.
    }
  }

  show(query, people) {
    const taken = new Set([...this.querySelectorAll("input[name=contact_ids]")].map((box) => box.value));
    const options = people.filter((person) => !taken.has(String(person.id))).map((person) => this.option(person, query));
    options.push(this.newcomer(query));
    this.list.replaceChildren(...options);
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(0);
  }

  option(person, query) {
    const name = element("span", { class: "suggestion-name" }, ...marked(person.name, query), " ", element("span", { class: "suggestion-detail" }, person.detail ?? ""));
    const avatar = element("span", { class: "avatar", "aria-hidden": "true" }, initials(person.name));
    const option = element("div", { class: "suggestion-option", role: "option", id: `${this.list.id}-${person.id}` }, avatar, name);
    option.person = person;
    return option;
  }

  newcomer(query) {
    const avatar = element("span", { class: "avatar", "aria-hidden": "true" }, "+");
    const words = element("span", { class: "suggestion-name" }, say("newPerson", { name: query }));
    const option = element("div", { class: "suggestion-option suggestion-new", role: "option", id: `${this.list.id}-new` }, avatar, words);
    option.newcomer = query;
    return option;
  }

  mark(index) {
    const options = [...this.list.children];
    this.at = (index + options.length) % options.length;
    options.forEach((option, n) => option.setAttribute("aria-selected", String(n === this.at)));
    this.input.setAttribute("aria-activedescendant", options[this.at].id);
    options[this.at].scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "Backspace" && !this.input.value) return this.drop([...this.querySelectorAll(".token")].at(-1));
    if (event.key === "ArrowDown" && !open) return this.ask();
    if (!open || event.isComposing) return;
    // Tab takes the known person that is marked and moves on, so that who and how are four interactions.
    if (event.key === "Tab" && !event.shiftKey) return this.list.children[this.at].person && this.choose(this.list.children[this.at]);
    if (event.key === "ArrowDown") this.mark(this.at + 1);
    else if (event.key === "ArrowUp") this.mark(this.at - 1);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) this.choose(this.list.children[this.at]);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(option) {
    if (!option) return;
    if (option.newcomer) this.add("new_names", option.newcomer, option.newcomer);
    else this.add("contact_ids", option.person.id, option.person.name);
    this.input.value = "";
    this.close();
    this.input.focus();
  }

  add(field, value, name) {
    const box = element("input", { type: "checkbox", name: field, value, checked: "", "aria-label": say("chosen", { name }) });
    const cross = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    for (const [key, drawn] of Object.entries({ class: "icon", width: 15, height: 15, viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 1.75, "stroke-linecap": "round", "aria-hidden": "true" })) cross.setAttribute(key, drawn);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M18 6 6 18M6 6l12 12");
    cross.append(path);
    this.input.before(element("label", { class: "token" }, box, name, cross));
    this.changed();
  }

  drop(token) {
    if (!token) return;
    token.remove();
    this.input.focus();
    this.changed();
  }

  changed() {
    this.dispatchEvent(new CustomEvent("people-changed", { bubbles: true }));
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

customElements.define("person-field", PersonField);
