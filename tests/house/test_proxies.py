"""The proxies of the documentation write down no link and nobody's address, not even while In Person does not answer."""

import os
import re
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.house.places import ROOT
from tests.mail.servers import free_port

EXAMPLES = ROOT / "docs" / "examples"
TOKEN = "a-token-that-lets-somebody-in"
IN_NGINX = """
pid {folder}/nginx.pid;
error_log {folder}/main.log;
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


def click(address: str) -> None:
    """On a link of a mail, while only the proxy runs."""
    no_check = ssl._create_unverified_context()
    with pytest.raises(urllib.error.HTTPError, match="502"):
        urllib.request.urlopen(f"{address}/reset/{TOKEN}", context=no_check)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.parametrize("as_it_is", [True, False])
def test_nginx(tmp_path: Path, certificate: Path, as_it_is: bool) -> None:
    port = free_port()
    server = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    server = re.sub(r"/etc/letsencrypt/\S+/(\w+)\.pem", rf"{certificate}/\1.pem", server)
    for words, ours in {
        "fullchain.pem": "cert.pem",
        "privkey.pem": "key.pem",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen [::]:80;": f"listen 127.0.0.1:{free_port()};",
        "listen [::]:443": f"listen 127.0.0.1:{free_port()}",
        "127.0.0.1:8000": f"127.0.0.1:{free_port()}",
        "/var/log/nginx": str(tmp_path),
    }.items():
        assert words in server
        server = server.replace(words, ours)
    if not as_it_is:
        server = re.sub(r"error_log.*", "", server)
    (tmp_path / "nginx.conf").write_text(IN_NGINX.format(folder=tmp_path, server=server))
    nginx = ("nginx", "-e", str(tmp_path / "start.log"), "-c", str(tmp_path / "nginx.conf"))
    subprocess.run(nginx, check=True, capture_output=True)  # it listens once this has ended
    try:
        click(f"https://127.0.0.1:{port}")
    finally:
        subprocess.run((*nginx, "-s", "stop"), check=True, capture_output=True)
    written = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert (TOKEN in written, "client: " in written) == (not as_it_is, not as_it_is)


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
@pytest.mark.parametrize("as_it_is", [True, False])
def test_caddy(tmp_path: Path, as_it_is: bool) -> None:
    port = free_port()
    server = (EXAMPLES / "Caddyfile").read_text(encoding="utf-8")
    for words, ours in {
        "{\n\tlog": "{\n\tadmin off\n\tlog",
        "crm.example.org": f"http://127.0.0.1:{port}",
        "127.0.0.1:8000": f"127.0.0.1:{free_port()}",
    }.items():
        assert words in server
        server = server.replace(words, ours)
    if not as_it_is:
        server = re.sub(r"exclude.*", "", server)
    (tmp_path / "Caddyfile").write_text(server)
    command = ("caddy", "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile")
    env = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
    }
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as caddy:
        try:
            assert caddy.stderr is not None
            started = any("serving initial configuration" in line for line in caddy.stderr)
            assert started
            click(f"http://127.0.0.1:{port}")
        finally:
            caddy.terminate()
        written = caddy.stderr.read()
    assert (TOKEN in written, "remote_ip" in written) == (not as_it_is, not as_it_is)
