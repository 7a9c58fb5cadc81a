"""Settings from the environment (``CRM_…``) or from the file that ``CRM_SETTINGS_FILE`` names; every secret also as
``…_FILE``."""

import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from crm.domain.keys import Key
from crm.errors import UsageError

LEAST_KEY = 32
"""Bytes a kept key has at least: one that was cut off, or is empty, would sign links that anybody can sign."""
SECRETS = (
    "database_url",
    "smtp_url",
    "imap_url",
    "secret_key",
    "secret_key_before",
    "metrics_token",
    "dkim_key",
)
FILE = "CRM_SETTINGS_FILE"
SHORT_KEY = "CRM_SECRET_KEY is short.", f"Use {LEAST_KEY} random characters or more."
COMMA_IN_KEY = (
    "CRM_SECRET_KEY holds a comma.",
    "Once another takes its place, name it by CRM_SECRET_KEY_BEFORE_FILE, where each key has its own line.",
)
_OF_TESTS = ("CRM_TEST_", "CRM_CHROMIUM")
_LINE = re.compile(r"""(?:export\s+)?(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))(?:\s+\#.*)?""")
"""A name and its value, in quotes of either sort or in none; what follows " #" is a comment."""
_PLACE = re.compile(r"(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d+)?")
"""A host, perhaps with a port, of an address: without a user, and with nothing that a browser would write otherwise."""


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/in-person``, else ``~/.local/share/in-person``."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "in-person"


class Settings(BaseSettings):
    """Every setting of the program; field names are the variables without ``CRM_``, in lower case."""

    model_config = SettingsConfigDict(
        env_prefix="CRM_", env_file=None, env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Where the SQLite database and the generated secret key live.",
    )
    database_url: str = Field(
        default="",
        description="`sqlite:///path` or `postgresql://user:password@host/name`. Empty: SQLite in the data directory.",
    )
    base_url: str = Field(
        default="",
        description="The address people use. Links in pages and mail are built from it alone. Empty: http://host:port.",
    )
    host: str = Field(default="127.0.0.1", description="The address the server listens on.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port the server listens on.")
    smtp_url: str = Field(
        default="",
        description="`smtp://user:password@host:port`, `smtps://…`, with `?starttls=require|auto|never`. Empty: no mail is sent.",
    )
    imap_url: str = Field(
        default="",
        description="`imaps://user:password@host:port/FOLDER`: where mail to CRM_MAIL_FROM arrives. Empty: it is not read.",
    )
    mail_from: str = Field(default="In Person <in-person@localhost>", description="The sender of every mail.")
    dkim_key: str = Field(
        default="",
        description="A private key in PEM form, RSA or Ed25519, that signs every mail (DKIM). Empty: none is signed.",
    )
    dkim_selector: str = Field(
        default="inperson", description="Under which name in DNS receivers look for the public key."
    )
    dkim_domain: str = Field(
        default="", description="The domain that signs. Empty: that of the address in CRM_MAIL_FROM."
    )
    secret_key: str = Field(
        default="",
        description="Signs mail links and the set-up token. Empty: generated once and kept in the data directory.",
    )
    proxies: str = Field(
        default="127.0.0.1, ::1",
        description="Addresses or networks of reverse proxies: theirs is the word who asks (X-Forwarded-For).",
    )
    secret_key_before: str = Field(
        default="",
        description="Keys before it, with commas between, or one a line: they sign nothing and still open what they signed.",
    )
    scheduler: Literal["on", "off"] = Field(
        default="on", description="Whether this process sends what is due."
    )
    workspace: str = Field(default="Our team", description="Name of the first workspace.")
    time_zone: str = Field(
        default="UTC", description="Time zone of the first workspace, such as Europe/Berlin."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines for people or for machines."
    )

    private_hosts: str = Field(
        default="",
        description="Hosts of your own network whose calendars, mailboxes and address books may be read, such as "
        "`cloud.lan, 10.0.0.5:5232`. Empty: none.",
    )

    metrics_token: str = Field(
        default="",
        description="Whoever sends it may read `/metrics`. Empty: only this machine may.",
    )

    backup_dir: str = Field(
        default="", description="A folder for one backup a day. Empty: none is made by itself."
    )
    backup_keep: int = Field(default=14, ge=1, le=3660, description="How many daily backups are kept.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone is called {value!r}; use a name such as Europe/Berlin") from None
        return value

    @field_validator("base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        value = value.strip()
        if value and not _is_an_origin(value):
            raise ValueError(
                "must look like https://crm.example.org: a host and at most a port, since pages lie at its root"
            )
        return value.rstrip("/").lower()

    @field_validator("proxies")
    @classmethod
    def _addresses(cls, value: str) -> str:
        for place in _listed(value):
            try:
                ip_network(place)
            except ValueError:
                raise ValueError(
                    "must be addresses or networks, such as 10.0.0.5 or 10.0.0.4/30, with commas between"
                ) from None
        return value

    @cached_property
    def trusted_proxies(self) -> list[str]:
        """Who may say for whom a request is passed on, each also as a socket of IPv6 sees it."""
        named = _listed(self.proxies)
        return [*named, *(_mapped(place) for place in map(ip_network, named) if place.version == 4)]

    @cached_property
    def named_hosts(self) -> frozenset[str]:
        """Hosts, or ``host:port``, that may be of the own network."""
        return frozenset(host.lower() for host in _listed(self.private_hosts))

    @cached_property
    def url(self) -> str:
        """The address links are built from, without a trailing slash."""
        return self.base_url or f"http://{_as_typed(self.host)}:{self.port}"

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL of the database."""
        if not self.database_url:
            return f"sqlite:///{self.data_dir / 'in-person.sqlite3'}"
        scheme, _, rest = self.database_url.partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
            return _checked_url(f"postgresql+psycopg://{rest}")
        if scheme == "sqlite":
            return _checked_url(self.database_url)
        raise UsageError("CRM_DATABASE_URL must begin with sqlite:/// or postgresql://.")

    @cached_property
    def key(self) -> Key:
        """The secret that signs links, with those before it; made at first use and kept, readable by its owner only."""
        former = [key.encode() for key in _former_keys(self.secret_key_before)]
        if self.secret_key:
            return Key.of(self.secret_key.encode(), former)
        _make_key(self.key_file)
        kept = _kept_key(self.key_file)
        newest = kept.strip()
        return Key.of(newest, former if kept == newest else [kept, *former])  # space around it once counted

    @property
    def has_short_key(self) -> bool:
        """Whether a key that was set can be guessed."""
        keys = (self.secret_key, *_former_keys(self.secret_key_before))
        return any(0 < len(key) < LEAST_KEY for key in keys)

    @property
    def has_comma_in_key(self) -> bool:
        """Whether the key would be taken apart once it is a former one."""
        return "," in self.secret_key

    @property
    def key_file(self) -> Path:
        """Where the secret key is kept if none is set."""
        return self.data_dir / "secret_key"


def _listed(words: str) -> list[str]:
    """What stands between commas."""
    return [word.strip() for word in words.split(",") if word.strip()]


def _former_keys(words: str) -> Iterator[str]:
    """What stands on a line of its own, or between commas.

    Of lines, those with a comma are also taken as one key; a piece too short to be one is none, or anybody could sign.
    """
    if "\n" not in words:
        yield from _listed(words)
        return
    for line in filter(None, map(str.strip, words.splitlines())):
        yield line
        pieces = _listed(line)
        if len(pieces) > 1 and all(len(piece) >= LEAST_KEY for piece in pieces):
            yield from pieces


def _make_key(path: Path) -> None:
    """Unless it is there. It gets its name once it is whole and on the disk; of two who make one, one is kept."""
    try:
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")  # readable by its owner only
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(name, path)
        finally:
            Path(name).unlink()
        _settle(path.parent)
    except OSError as fault:
        raise UsageError(
            f"The secret key cannot be kept in {path.parent} ({fault.strerror}). Set CRM_DATA_DIR or CRM_SECRET_KEY."
        ) from None


def _settle(folder: Path) -> None:
    """The names in the folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _kept_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as fault:
        raise UsageError(
            f"The secret key in {path} cannot be read ({fault.strerror}). Give the file to the user who runs crm, "
            "or set CRM_SECRET_KEY."
        ) from None
    if len(key.strip()) < LEAST_KEY:
        raise UsageError(
            f"The secret key in {path} has {len(key.strip())} of at least {LEAST_KEY} characters, so it was not kept whole. "
            "Put the whole one back; or remove the file, and a new one is made: links mailed before end then, and "
            "calendars must be connected again."
        )
    return key


def _environment() -> dict[str, str]:
    """What is set: in the environment, or else in the file that it names. What is set to nothing is not set."""
    said = {name: value for name, value in os.environ.items() if value}
    path = said.get(FILE)
    if path is None:
        return said
    below = {name: value for name, value in _of_file(path) if name.removesuffix("_FILE") not in said}
    return {**below, **said}


def _of_file(path: str) -> Iterator[tuple[str, str]]:
    """The settings that a file holds, one to a line; UsageError where a line is none, without its words."""
    for number, line in enumerate(_words_of(FILE, path).splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise UsageError(
                f"Line {number} of {path} is no setting. Write one to a line, like CRM_PORT=8000."
            )
        name, *values = found.groups(default="")
        if name not in _NAMES:
            raise UsageError(f"Line {number} of {path}: {name} is no setting.{_meant(name)}")
        if _is_left_open(values[-1]):
            raise UsageError(f"Line {number} of {path}: a quote is opened and not closed.")
        if value := "".join(values):
            yield name, value


def _is_left_open(value: str) -> bool:
    """Whether a value that stands in no quotes begins with one that is never closed."""
    return value[:1] in ("'", '"') and value.count(value[0]) % 2 == 1


def unknown_settings() -> list[str]:
    """A sentence for each ``CRM_…`` of the environment that nothing reads, such as one with a slip in its name."""
    strange = (name for name in sorted(os.environ) if name.startswith("CRM_") and name not in _NAMES)
    return [
        f"{name} is no setting, so nothing reads it.{_meant(name)}"
        for name in strange
        if not name.startswith(_OF_TESTS)
    ]


def _meant(name: str) -> str:
    nearest = get_close_matches(name, _NAMES, 1, cutoff=0.75)
    return f" Is {nearest[0]} meant?" if nearest else ""


def _from_files(said: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name in SECRETS:
        setting = f"CRM_{name.upper()}_FILE"
        if setting in said:
            found[name] = _words_of(setting, said[setting]).strip()
            if not found[name]:
                raise UsageError(
                    f"{setting} names {said[setting]}, which is empty. Write the value into it, or remove the setting."
                )
            if name == "secret_key_before":
                found[name] += "\n"  # of a file, lines count
    return found


def _words_of(setting: str, path: str) -> str:
    """The text of the file that a setting names."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or "not text"
        raise UsageError(f"{setting} names {path}, which cannot be read: {reason}.") from None


def _is_an_origin(url: str) -> bool:
    """Whether it is http or https and names a host, perhaps a port, and nothing else."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # one that is none is told here
    except ValueError:
        return False
    rest = parts.path.strip("/") or parts.query or parts.fragment
    if rest or re.search(r"\s", url):  # space inside is what taking it apart leaves out
        return False
    return parts.scheme in ("http", "https") and bool(_PLACE.fullmatch(parts.netloc))


def _mapped(network: IPv4Network | IPv6Network) -> str:
    """A network of IPv4 inside IPv6: so a socket that takes both shows who comes from it."""
    return f"::ffff:{network.network_address}/{96 + network.prefixlen}"


def _as_typed(host: str) -> str:
    """The address of a host as a browser on this machine takes it: "every address" is none to go to."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (nothing is bound here)
    return f"[{host}]" if ":" in host else host


def _checked_url(url: str) -> str:
    """The URL; UsageError without its words, which may hold a password, where it cannot be taken apart."""
    try:
        parts = make_url(url)
    except (ValueError, ArgumentError):
        raise _not_a_url() from None
    is_no_file = parts.host or parts.query or parts.database in (None, "", ":memory:")
    if parts.get_backend_name() == "sqlite" and is_no_file:
        raise _not_a_url()
    return url


def _not_a_url() -> UsageError:
    return UsageError(
        "CRM_DATABASE_URL must look like postgresql://user:password@host:5432/name (in a password write @ as %40, "
        "/ as %2F, # as %23, ? as %3F), or sqlite:////path."
    )


def load() -> Settings:
    """Read the settings; a wrong one is refused by name, without showing its value if it is secret."""
    said = _environment()
    told = {
        name: said[f"CRM_{name.upper()}"] for name in Settings.model_fields if f"CRM_{name.upper()}" in said
    }
    values: dict[str, Any] = {**told, **_from_files(said)}
    try:
        return Settings(**values)
    except ValidationError as fault:
        first = fault.errors()[0]
        name = "CRM_" + str(first["loc"][0]).upper()
        raise UsageError(f"{name}: {first['msg'].removeprefix('Value error, ')}.") from None


_NAMES = {
    FILE,
    *(f"CRM_{name.upper()}" for name in Settings.model_fields),
    *(f"CRM_{name.upper()}_FILE" for name in SECRETS),
}
