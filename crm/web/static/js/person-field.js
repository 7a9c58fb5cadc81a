// <person-field suggest="/people/suggest">: a combobox over the plain text field inside. Choosing adds a token, a ticked
// checkbox named contact_ids (or new_names for somebody new); unticking a token takes the person out.
import { Combobox, element } from "./combobox.js";
import { say } from "./words.js";

class PersonField extends Combobox {
  connectedCallback() {
    this.querySelector(".person-input").removeAttribute("list");
    this.querySelector("datalist")?.remove();
    super.connectedCallback();
  }

  listen() {
    super.listen();
    const box = this.querySelector(".person-box");
    this.addEventListener("change", (event) => event.target.closest(".token") && this.drop(event.target.closest(".token")));
    box.addEventListener("click", (event) => event.target === box && this.input.focus());
    // A tap offers those lately in contact: by thumb alone nothing need be typed.
    this.input.addEventListener("click", () => {
      this.offersUnasked = true;
      if (!this.input.value && this.list.hidden) this.ask();
    });
    this.input.addEventListener("blur", () => (this.offersUnasked = false));
  }

  // No names can be offered now, and the hint says how to write them.
  lost() {
    super.lost();
    for (const hint of document.querySelectorAll("[data-when-offline]")) hint.hidden = false;
  }

  options(query, people) {
    const taken = new Set([...this.querySelectorAll("input[name=contact_ids]")].map((box) => box.value));
    const known = people.filter((person) => !taken.has(String(person.id)));
    return [...known.map((person) => this.person(person, query)), ...(query ? [this.newcomer(query)] : [])];
  }

  newcomer(query) {
    const option = this.other("new", "+", say("newPerson", { name: query }));
    option.newcomer = query;
    return option;
  }

  key(event) {
    const chosen = this.choice();
    const isPlainEnter = event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing;
    if (event.key === "Backspace" && !this.input.value) this.drop([...this.querySelectorAll(".token")].at(-1));
    // Tab takes the known person that is marked and moves on, so that who and how are four interactions.
    else if (event.key === "Tab" && !event.shiftKey && !event.isComposing) chosen?.person && this.choose(chosen);
    // Enter before the list has come saves nothing: who was meant is not known yet.
    else if (isPlainEnter && this.isAsking) event.preventDefault();
    else super.key(event);
  }

  choose(option) {
    if (!option) return;
    if (option.newcomer) this.add("new_names", option.newcomer, option.newcomer);
    else this.add("contact_ids", option.person.id, option.person.name);
    this.input.value = "";
    this.offersUnasked = false;
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
}

customElements.define("person-field", PersonField);
