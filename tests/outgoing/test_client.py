"""The one outgoing client against servers that answer badly."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from crm.outgoing.client import Answer, Asked, send
from crm.outgoing.failures import Failed, Failure
from tests.outgoing.servers import Server, Talk, network, saying, serving

MIB = 2**20


def ask(server: Server, path: str = "/", **more: Any) -> Answer:
    """Ask a server of the own network that an admin named."""
    asked = Asked(f"http://named.example:{server.port}{path}", **{"seconds": 5.0, **more})
    return send(asked, network(f"named.example:{server.port}"))


def failing(talk: Talk, **more: Any) -> Failure:
    with serving(talk) as server, pytest.raises(Failed) as failed:
        ask(server, **more)
    return failed.value.failure


def test_an_answer_arrives_whole() -> None:
    with serving(saying("200 OK", b"BEGIN", ETag='"1"')) as server:
        answer = ask(server, "/ä b?key=1%2F2", headers={"If-None-Match": '"0"'}, signed_in=("me", "pässword"))
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"BEGIN", '"1"')
    head = server.asked[0].decode()
    assert head.startswith("GET /%C3%A4%20b?key=1%2F2 HTTP/1.1\r\n")
    assert f"Host: named.example:{server.port}\r\n" in head
    assert 'If-None-Match: "0"' in head
    assert "Accept-Encoding: identity" in head
    assert "Authorization: Basic bWU6cMOkc3N3b3Jk" in head


def test_a_long_answer_is_refused_by_the_length_it_tells() -> None:
    def long(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (200 * MIB))

    assert failing(long) is Failure.TOO_BIG


def test_a_long_answer_that_tells_no_length_is_refused_while_it_comes() -> None:
    sent = []

    def endless(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        block = b"10000\r\n" + bytes(65_536) + b"\r\n"
        for _number in range(200 * MIB // 65_536):
            connection.sendall(block)
            sent.append(len(block))

    assert failing(endless, limit=MIB) is Failure.TOO_BIG
    assert sum(sent) < 50 * MIB


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
def test_who_answers_a_byte_at_a_time_or_never_is_waited_for_no_longer_than_said(first: bytes) -> None:
    with serving(lambda connection, _: drip(connection)) as server:

        def drip(connection: socket.socket) -> None:
            connection.sendall(first)
            while first and not server.stopping.wait(0.02):
                connection.sendall(b"x")
            server.stopping.wait(5)

        with pytest.raises(Failed) as failed:
            ask(server, seconds=0.2, limit=MIB)
    assert failed.value.failure is Failure.SLOW


@pytest.mark.parametrize("words", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b""])
def test_what_is_no_answer_is_said_to_be_none(words: bytes) -> None:
    assert failing(lambda connection, _: connection.sendall(words)) is Failure.GARBLED


def test_a_port_where_nobody_listens() -> None:
    with serving(saying("200 OK")) as server:
        pass
    with pytest.raises(Failed) as failed:
        ask(server)
    assert failed.value.failure is Failure.UNREACHABLE


def test_redirects_end() -> None:
    with serving(saying("302 Found", Location="/again")) as server, pytest.raises(Failed) as failed:
        ask(server)
    assert failed.value.failure is Failure.TOO_MANY_HOPS
    assert len(server.asked) == 5


@pytest.mark.parametrize(
    "onward", ["https://[::1/y", "https://[nonsense]/", "//[", "https:///", "https://a:99999/"]
)
def test_a_redirect_to_no_address_is_forbidden_and_no_fault_of_ours(onward: str) -> None:
    with serving(saying("302 Found", Location=onward)) as server, pytest.raises(Failed) as failed:
        ask(server)
    assert failed.value.failure is Failure.FORBIDDEN


def test_a_password_goes_to_its_own_host_only() -> None:
    with serving(saying("200 OK")) as other:
        onward = f"http://other.example:{other.port}/"
        with serving(saying("307 Temporary Redirect", Location=onward)) as server:
            asked = Asked(f"http://named.example:{server.port}/", signed_in=("me", "word"), seconds=5)
            send(asked, network(f"named.example:{server.port}", f"other.example:{other.port}"))
    assert b"Authorization" in server.asked[0]
    assert b"Authorization" not in other.asked[0]


def test_a_method_and_its_body_go_along_with_a_redirect() -> None:
    def moved(connection: socket.socket, head: bytes) -> None:
        answer = (
            saying("308 Permanent Redirect", Location="/there") if b" / " in head else saying("207 Multi")
        )
        answer(connection, head)

    with serving(moved) as server:
        answer = ask(server, method="REPORT", body=b"<x/>", headers={"Depth": "1"})
    assert answer.status == 207
    assert server.asked[1].startswith(b"REPORT /there HTTP/1.1\r\n")
    assert server.asked[1].endswith(b"<x/>")


@pytest.mark.parametrize(
    "talk",
    [saying("200 OK"), saying("302 Found", Location="/secret-2"), lambda connection, _: None],
    ids=["answered", "led round", "hung up"],
)
def test_addresses_are_in_no_log_and_no_failure(
    talk: Callable[[socket.socket, bytes], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(talk) as server:
        try:
            said = repr(ask(server, "/secret-1", signed_in=("me", "secret-3")))
        except Failed as failed:
            said = repr(failed)
    assert "secret" not in caplog.text + said + repr(Asked("https://secret.example/"))
