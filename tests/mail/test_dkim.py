"""DKIM against the example that RFC 8463 publishes, and against a reader of its own."""

import re
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_public_key,
)

from crm.care import signing as signing_check
from crm.errors import UsageError
from crm.mail.dkim import Signer, body_hash, relaxed_header, signer_of
from crm.mail.transport import DeliveryState, SmtpSettings, deliver
from crm.storage.database import Database
from tests.mail.servers import real_server
from tests.mail.test_transport import a_mail
from tests.web.site import settings

AT = datetime(2026, 11, 16, 8, tzinfo=UTC)

# RFC 8463, appendix A.
SEED = b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
FIELDS = (
    b"From: Joe SixPack <joe@football.example.com>",
    b"To: Suzie Q <suzie@shopping.example.net>",
    b"Subject: Is dinner ready?",
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>",
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=",
)
BODY = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
SIGNATURE = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {
        "rsa": pem(rsa.generate_private_key(65537, 2048)),
        "ed25519": pem(ed25519.Ed25519PrivateKey.generate()),
    }


def test_the_published_example_is_signed_as_published() -> None:
    signer = Signer("football.example.com", "brisbane", ed25519.Ed25519PrivateKey.from_private_bytes(SEED))
    assert body_hash(BODY) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    head = b"".join(map(relaxed_header, FIELDS)).removesuffix(b"\r\n")
    assert b64encode(signer.signature(head)).decode() == SIGNATURE
    assert signer.record == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert signer.record_name == "brisbane._domainkey.football.example.com"


def verify(data: bytes, record: str) -> None:
    """Read a signed mail as a receiver does; raises where it was changed."""
    head, _, body = data.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    written = fields[0].replace(b"\r\n", b"").partition(b":")[2].decode()
    tags = dict(re.findall(r"(\w+)=([^;]*)", written))
    assert b64decode(tags["bh"]) == b64decode(body_hash(body)), "the body was changed"
    known = {one.partition(b":")[0].lower().decode(): one for one in fields[1:]}
    bare = re.sub(rb"b=[^;=]*=*$", b"b=", fields[0].replace(b"\r\n", b""))
    signed = b"".join(relaxed_header(known[name.strip()]) for name in tags["h"].split(":"))
    signed += relaxed_header(bare).removesuffix(b"\r\n")
    public, signature = b64decode(record.rpartition("p=")[2]), b64decode(tags["b"].replace(" ", ""))
    if tags["a"] == "rsa-sha256":
        key = load_der_public_key(public)
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, signed, PKCS1v15(), SHA256())
        return
    import hashlib

    ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, hashlib.sha256(signed).digest())


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_what_arrives_is_signed_and_a_change_is_noticed(keys: dict[str, str], kind: str) -> None:
    signer = signer_of(settings(dkim_key=keys[kind], mail_from="In Person <crm@example.org>"))
    assert signer is not None
    with real_server() as (port, inbox):
        delivery = deliver(
            SmtpSettings("127.0.0.1", port), a_mail(), sign=lambda data: signer.signed(data, AT)
        )
    assert delivery.state is DeliveryState.ACCEPTED
    data = inbox.envelopes[0].original_content
    assert isinstance(data, bytes)
    assert max(map(len, data.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 90
    verify(data, signer.record)
    for changed in (data.replace(b"Ring", b"Call"), data.replace(b"Nora", b"Vera")):
        with pytest.raises(Exception, match=r"changed|^$"):
            verify(changed, signer.record)


def test_without_a_key_nothing_is_signed() -> None:
    assert signer_of(settings()) is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"dkim_key": "secret words"}, "CRM_DKIM_KEY: this is no private key"),
        ({"dkim_selector": "in person"}, "CRM_DKIM_SELECTOR"),
        ({"dkim_domain": "-.example"}, "CRM_DKIM_DOMAIN"),
    ],
)
def test_a_wrong_setting_is_named_and_no_key_shown(
    keys: dict[str, str], values: dict[str, str], says: str, tmp_path: Path
) -> None:
    chosen = settings(**{"dkim_key": keys["ed25519"], **values})
    with pytest.raises(UsageError, match=says) as refused:
        signer_of(chosen)
    assert "secret words" not in str(refused.value)
    (found,) = signing_check.check(chosen, Database(f"sqlite:///{tmp_path / 'none.sqlite3'}"), AT)
    assert (found.state, found.check) == ("wrong", "signature")


def test_the_doctor_says_the_record(keys: dict[str, str], tmp_path: Path) -> None:
    chosen = settings(dkim_key=keys["rsa"], mail_from="crm@example.org")
    (found,) = signing_check.check(chosen, Database(f"sqlite:///{tmp_path / 'none.sqlite3'}"), AT)
    assert found.state == "good"
    assert "inperson._domainkey.example.org that says: v=DKIM1; k=rsa; p=MII" in found.sentence
