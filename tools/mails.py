"""Every mail with its sample data, to look at in a browser: ``./dev mails [FOLDER]`` writes pages and says where.

On the first page stands each mail as on a desktop, on a phone, in the dark, and as its plain-text twin.
"""

import html
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from crm.mail import previews  # noqa: E402
from crm.templating import environment  # noqa: E402

FOLDER = ROOT / ".data" / "mails"
STYLE = """\
body { margin: 24px; font: 16px/1.5 system-ui, sans-serif; background: #ddd; }
section { margin-bottom: 48px; }
.row { display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; }
iframe, pre { box-sizing: border-box; margin: 0; border: 1px solid #888; background: #fff; height: 900px; }
pre { width: 640px; padding: 16px; overflow: auto; font: 13px/1.5 monospace; }
"""


def darkened(page: str) -> str:
    """The same mail as a dark mail program shows it, whatever the browser prefers."""
    return page.replace("prefers-color-scheme: dark", "min-width: 0")


def as_text(words: str) -> str:
    """The plain-text twin as a page."""
    shown = html.escape(words)
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Text</title>"
        f"<body style='margin:0;background:#fff'><pre style='margin:24px;font:15px/1.5 monospace;white-space:pre-wrap;"
        f"overflow-wrap:anywhere'>{shown}</pre>"
    )


def write(folder: Path) -> Path:
    """All mails into that folder; returns the page to open."""
    folder.mkdir(parents=True, exist_ok=True)
    templates, parts = environment(), []
    for name in previews.names():
        mail = previews.preview(templates, name)
        (folder / f"{name}.html").write_text(mail.html, encoding="utf-8")
        (folder / f"{name}-dark.html").write_text(darkened(mail.html), encoding="utf-8")
        parts.append(
            f"<section><h2>{html.escape(mail.subject)}</h2><p>templates/emails/{name}/</p><div class='row'>"
            f"<iframe src='{name}.html' width='700' title='{name}, desktop'></iframe>"
            f"<iframe src='{name}.html' width='390' title='{name}, phone'></iframe>"
            f"<iframe src='{name}-dark.html' width='700' title='{name}, dark'></iframe>"
            f"<pre>{html.escape(mail.text)}</pre></div></section>"
        )
    page = folder / "index.html"
    page.write_text(
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Mails</title><style>{STYLE}</style>"
        f"<h1>Mails, with sample data</h1>{''.join(parts)}",
        encoding="utf-8",
    )
    return page


if __name__ == "__main__":
    given = sys.argv[1:]
    if len(given) > 1 or any(one.startswith("-") for one in given):
        raise SystemExit("./dev mails [FOLDER]")
    folder = Path(given[0]) if given else FOLDER
    print(f"Open {write(folder.resolve()).as_uri()}")
