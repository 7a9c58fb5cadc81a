// <find-field suggest="/people/suggest"> around a search form: choosing somebody leads to their page. Enter without a
// choice searches, as without scripts; the server goes on to whoever is clearly meant.
import { Combobox } from "./combobox.js";
import { say } from "./words.js";

class FindField extends Combobox {
  first = null;

  options(query, people) {
    const search = this.other("search", "…", say("searchFor", { name: query }));
    return [...people.map((person) => this.person(person, query)), search];
  }

  choose(option) {
    if (option?.person) location.assign(`/people/${option.person.id}`);
    else if (option) {
      this.input.form.action = "/people"; // everybody was asked for
      this.input.form.requestSubmit();
    }
  }
}

customElements.define("find-field", FindField);
