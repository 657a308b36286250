"""The program with every logger at DEBUG, MAAS_DEBUG=1 and --debug: what signs in or opens a proxy is in no output."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from maas_client.testing import serving
from tests.cli.program import MODEL, environment

LOUD = """import logging, sys
logging.basicConfig(level=logging.DEBUG, format="%(name)s %(message)s %(args)r")
for name in ("httpx", "httpcore", "azure", "msal", "urllib3"):
    logging.getLogger(name).setLevel(logging.DEBUG)
from maas_client.cli.main import main
sys.exit(main())
"""


def loud(*arguments: str, **extra: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", LOUD, "--debug", *arguments],
        env=environment() | {"MAAS_DEBUG": "1"} | extra,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def kept(folder: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


def test_signing_in_leaves_nothing_behind(tmp_path: Path, data: Path) -> None:
    with serving(tmp_path / "state", clock="scaled:3000", tls=True, auth="strict", log_level="debug") as server:
        known = server.environment()
        arguments = ("submit", "--model", MODEL, "--train", data.name, "--name", "job", "--deploy")
        code, said = loud(*arguments, **known)
        assert code == 0, said
        _, keys = loud("deployments", "keys", "job", "--show", "--output", "json", **known)
        listed, again = loud("jobs", "list", **known | {"AZURE_CLIENT_SECRET": "canaryWrongSecret0123456789"})
        logs = kept(tmp_path / "home")
        looked, found = loud("doctor", "--output", "json", **known)
        again += found
        told = said + again + logs + kept(tmp_path / "journal") + kept(tmp_path / "local") + kept(tmp_path / "state")
    assert listed == 4
    assert looked == 0, found
    assert "By EnvironmentCredential, application 00000000-0000-4000-8000-0000000000c0, tenant 0000" in found
    assert "CredentialError" in again  # MAAS_DEBUG shows where
    assert "httpcore" in said
    assert "azure.identity" in said
    assert logs.count("# maas-ft ") == 3
    words = ("Jobs_CreateOrUpdate", " azure.identity.", " httpcore.connection: ")
    assert [word for word in words if word not in logs] == []
    for secret in (known["AZURE_CLIENT_SECRET"], known["IDENTITY_HEADER"], "canaryWrongSecret0123456789"):
        # The server's own ready file, for its user alone, goes when it ends.
        outputs = said + again + logs + kept(tmp_path / "journal")
        assert secret not in outputs
    assert re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", told) == []
    assert re.findall(r"(?i)\b(?:sig|se|skoid)(?:=|%3D)(?!REDACTED)[^\s\"'&]{4,}", said + again + logs) == []
    shown = re.findall(r'"(?:primary|secondary)": "([^"]{20,})"', keys)
    assert len(shown) == 2
    assert [key for key in shown if key in said + again + logs + kept(tmp_path / "journal")] == []
    assert "Ask me another one." not in said + logs + kept(tmp_path / "journal")


@pytest.mark.parametrize("proxy", ["http://user:{}@127.0.0.1:9", "socks9://user:{}@host", "http://user:{}@:x"])
def test_what_opens_a_proxy_is_in_no_output(proxy: str, tmp_path: Path) -> None:
    password = "canaryProxy0a1b2c3d4e"
    place = {"MAAS_SUBSCRIPTION_ID": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "MAAS_RESOURCE_GROUP": "g"}
    environ = place | {"MAAS_WORKSPACE": "w", "MAAS_TOKEN": "canaryToken5e6f7a8b9c0d", "MAAS_MAX_RETRIES": "0"}
    code, said = loud("jobs", "list", HTTPS_PROXY=proxy.format(password), **environ)
    assert code in {2, 10}, said
    assert "Traceback" in said
    assert "proxy" in said.lower()
    logs = kept(tmp_path / "home")
    assert "HTTPS_PROXY=" in logs
    assert password not in said + logs
    assert environ["MAAS_TOKEN"] not in said + logs
