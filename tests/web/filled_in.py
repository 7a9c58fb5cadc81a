"""What a browser would send of a form as it is shown."""

from html.parser import HTMLParser


class FormReader(HTMLParser):
    """Reads the form whose address ends so."""

    def __init__(self, address_end: str) -> None:
        super().__init__()
        self.address_end = address_end
        self.fields: dict[str, list[str]] = {}
        self.inside = False
        self.name = ""
        self.words = ""
        self.options: list[tuple[str | None, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = (given.get("action") or "").endswith(self.address_end)
        elif self.inside and tag == "input" and given.get("name"):
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self.add(given["name"] or "", given.get("value") or "")
        elif self.inside and tag in ("textarea", "select"):
            self.name, self.words, self.options = given["name"] or "", "", []
        elif self.inside and tag == "option":
            self.words = ""
            self.options.append((given.get("value"), "selected" in given))

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_endtag(self, tag: str) -> None:
        if not self.inside:
            return
        if tag == "option" and self.name:
            value, chosen = self.options[-1]
            self.options[-1] = (self.words if value is None else value, chosen)
        elif tag == "textarea":
            self.add(self.name, self.words.removeprefix("\n"))
        elif tag == "select":
            chosen_ones = [value for value, chosen in self.options if chosen]
            self.add(self.name, (chosen_ones or [self.options[0][0]])[0] or "")
            self.name = ""
        elif tag == "form":
            self.inside = False

    def add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def fields_of(page: str, address_end: str = "/edit") -> dict[str, list[str]]:
    """The fields of the form that posts to an address that ends so, with what stands in them."""
    reader = FormReader(address_end)
    reader.feed(page)
    return reader.fields
