// What modules say, in the language of the page: crm/web/script_words.py hands it over in the head.
const said = JSON.parse(document.querySelector("meta[name=script-words]")?.content ?? "{}");
const SAMPLES = [0, 1, 2, 3, 5, 6, 11, 100];
const plurals = new Intl.PluralRules(document.documentElement.lang || "en");

const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

export const list = (name) => said[name] ?? [];

export const say = (name, values = {}) => filled(said[name] ?? "", values);

// A sentence with a number: the one for a number that the language treats alike.
export function count(name, number) {
  const sentences = said[name] ?? {};
  const alike = SAMPLES.find((one) => plurals.select(one) === plurals.select(number));
  return filled(sentences[alike] ?? sentences.other ?? "", { n: number });
}
