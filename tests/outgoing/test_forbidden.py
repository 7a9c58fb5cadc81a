"""S4: no connection to a forbidden address, however it is written, and whatever a name says the second time."""

import ast
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.outgoing import wire
from crm.outgoing.client import Asked, send
from crm.outgoing.failures import Failed, Failure
from crm.outgoing.forbidden import is_forbidden
from crm.outgoing.wire import Network
from tests.house.places import files, named
from tests.outgoing.servers import network, saying, serving

HERE = (
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.0.0.1.",
    "localhost", "LOCALHOST", "localhost.", "①②⑦.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "0.0.0.0", "0",
)  # fmt: skip
"""This machine, in spellings that a resolver takes."""
INSIDE = (
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.100.100.200", "169.254.169.254",
    "169.254.170.2", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1",
    "not an address", "",
)  # fmt: skip
OUTSIDE = ("93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "172.32.0.1", "100.128.0.1")


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_the_public_internet_is_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_is_not(address: str) -> None:
    assert not is_forbidden(address)


@given(st.ip_addresses(v=4))
@example(IPv4Address("192.0.0.9"))
def test_nothing_is_allowed_that_python_calls_not_global(address: IPv4Address) -> None:
    assert is_forbidden(str(address)) or address.is_global
    mapped = f"::ffff:{address}"
    assert is_forbidden(mapped) == is_forbidden(str(address))


@given(st.ip_addresses(v=6) | st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address))
def test_of_ipv6_only_what_is_handed_out_is_allowed(address: IPv6Address) -> None:
    translated = address.packed.startswith(b"\x00\x64\xff\x9b" + 8 * b"\0") or address.ipv4_mapped
    assert is_forbidden(str(address)) or address.is_global or translated


@pytest.mark.parametrize("host", HERE)
def test_no_spelling_of_this_machine_is_connected_to(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(saying("200 OK")) as trap:
        url = f"https://{host}:{trap.port}/"
        with pytest.raises(Failed) as failed:
            send(Asked(url, seconds=5), Network())
        assert failed.value.failure is Failure.FORBIDDEN
        assert trap.asked == []
        # Without the judgement the trap is reached: the test can fail.
        monkeypatch.setattr(wire, "is_forbidden", lambda address, named: False)
        with pytest.raises(Failed):
            send(Asked(url, seconds=5), Network())
        assert len(trap.asked) == 1


@pytest.mark.parametrize("places", ["127.0.0.1", "93.184.216.34 127.0.0.1", "93.184.216.34 ::1", "fd00::1"])
def test_a_name_with_one_forbidden_address_is_refused(places: str) -> None:
    with serving(saying("200 OK")) as trap:
        with pytest.raises(Failed) as failed:
            send(
                Asked(f"https://calendar.example:{trap.port}/", seconds=5),
                network(calendar_example=places),
            )
        assert failed.value.failure is Failure.FORBIDDEN
        assert trap.asked == []


def test_a_name_that_changes_its_mind_is_asked_once_and_taken_at_its_first_word() -> None:
    dialled: list[str] = []
    looked_up: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["93.184.216.34"] if len(looked_up) == 1 else ["127.0.0.1"]

    def dial(address: str, port: int, seconds: float) -> socket.socket:
        dialled.append(address)
        return socket.create_connection(("127.0.0.1", outside.port), seconds)

    with serving(saying("200 OK")) as outside, serving(saying("200 OK")) as inside:
        with pytest.raises(Failed) as failed:  # the server there speaks no TLS
            send(
                Asked(f"https://rebind.example:{inside.port}/", seconds=5),
                Network(resolve=resolve, dial=dial),
            )
        assert failed.value.failure is Failure.UNTRUSTED
        assert dialled == ["93.184.216.34"]
        assert looked_up == ["rebind.example"]
        assert len(outside.asked) == 1
        assert inside.asked == []


def test_a_redirect_to_the_inside_is_not_followed() -> None:
    with serving(saying("200 OK")) as trap:
        target = f"https://inside.example:{trap.port}/"
        with serving(saying("302 Found", Location=target)) as outside:
            with pytest.raises(Failed) as failed:
                send(
                    Asked(f"http://named.example:{outside.port}/", seconds=5),
                    network(f"named.example:{outside.port}"),
                )
            assert failed.value.failure is Failure.FORBIDDEN
            assert len(outside.asked) == 1
        assert trap.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "//example.org/",
        "https://", "https:///x", "https://user:word@example.org/", "https://example.org:99999/", "https://[::1",
        "https://" + "a" * 5_000, "https://a..example/", "unix:/x", "data:text/calendar,x", "https://exa\0mple/",
    ],
)  # fmt: skip
def test_only_plain_https_addresses_are_asked_for(url: str) -> None:
    def never(*_: object) -> socket.socket:
        raise AssertionError("nothing may be dialled")

    with pytest.raises(Failed):
        send(Asked(url, seconds=5), Network(dial=never, resolve=lambda *_: ["127.0.0.1"]))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "::ffff:169.254.169.254"])
def test_not_even_a_named_host_may_be_where_clouds_keep_secrets(address: str) -> None:
    assert is_forbidden(address, named=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "fd12::1", "192.168.0.9", "8.8.8.8"])
def test_a_named_host_may_be_of_the_own_network(address: str) -> None:
    assert not is_forbidden(address, named=True)
    assert ip_address(address)


MAY_CONNECT = {
    "crm/outgoing/client.py", "crm/outgoing/imap.py", "crm/outgoing/wire.py",  # what people typed
    "crm/mail/transport.py", "crm/mail/smtp_session.py",  # the mail server, which only a setting names
    "crm/commands/serve.py", "crm/nudges/pulse.py",  # listening, and this machine's name
}  # fmt: skip
WAYS_OUT = {
    "socket",
    "http.client",
    "urllib.request",
    "httpcore2",
    "httpx2",
    "smtplib",
    "ftplib",
    "imaplib",
    "requests",
    "asyncio",
}


def test_nothing_else_of_the_product_can_open_a_connection() -> None:
    found = set()
    for path in files():
        if not named(path).startswith("crm/") or path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name == way or name.startswith(f"{way}.") for name in names for way in WAYS_OUT):
                found.add(named(path))
    assert found == MAY_CONNECT
