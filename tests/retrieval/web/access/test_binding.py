"""Where a server may listen, and whom it believes."""

from pathlib import Path

import pytest

from models.errors import UsageError
from retrieval.web.access.binding import Binding
from retrieval.web.access.proxies import Proxies
from retrieval.web.problems import Problem
from tests.retrieval.web.people import cbir, certificate

FOLDER = Path("users")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.7", "::1", "localhost"])
def test_its_own_machine_needs_nothing(host: str) -> None:
    Binding(host).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "192.168.1.4", "fe80::1"])
def test_another_address_needs_sign_in_and_tls_or_a_proxy(host: str, tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    with pytest.raises(UsageError, match="--auth FOLDER"):
        Binding(host, cert=tls.cert, key=tls.key).check()
    with pytest.raises(UsageError, match="--tls-cert and --tls-key, or --trusted-proxy"):
        Binding(host, auth=FOLDER).check()
    named = ("cbir.example",)
    Binding(host, names=named, auth=FOLDER, cert=tls.cert, key=tls.key).check()
    Binding(host, names=named, auth=FOLDER, proxies=("10.0.0.9",)).check()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_needs_a_name(host: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        Binding(host, auth=FOLDER, proxies=("10.0.0.9",)).check()


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    with pytest.raises(UsageError, match="belong together"):
        Binding(cert=tls.cert).check()
    with pytest.raises(UsageError, match="is not there"):
        Binding(cert=tls.cert, key=tmp_path / "none.pem").check()
    with pytest.raises(UsageError, match="is no address"):
        Binding("cbir.example").check()
    with pytest.raises(UsageError, match="is no address"):
        Binding(auth=FOLDER, proxies=("proxy.example",)).check()
    with pytest.raises(UsageError, match="without --auth"):
        Binding(proxies=("10.0.0.9",)).check()


def test_it_answers_to_its_names_and_to_no_other() -> None:
    here = Binding(port=8600).called()
    assert {"127.0.0.1:8600", "localhost:8600", "[::1]:8600", "localhost"} <= here
    assert "cbir.example" not in here
    there = Binding("10.0.0.5", 443, ("CBIR.example",)).called()
    assert there == {"cbir.example", "cbir.example:443", "10.0.0.5", "10.0.0.5:443"}


def test_the_command_refuses_to_start_and_says_the_way_out(index: Path, tmp_path: Path) -> None:
    done = cbir("serve", "--index", str(index), "--host", "0.0.0.0", "--port", "1")
    assert done.returncode == 2
    for way in ("--auth FOLDER", "--tls-cert", "--trusted-proxy", "127.0.0.1"):
        assert way in done.stderr
    tls = certificate(tmp_path)
    tls.key.write_text("no key")
    done = cbir("serve", "--index", str(index), *tls.arguments)
    assert (done.returncode, "cannot be used" in done.stderr) == (2, True)
    done = cbir("serve", "--index", str(index), "--auth", str(tmp_path / "nobody"))
    assert (done.returncode, "cbir users add" in done.stderr) == (2, True)


def asked(peer: str, **headers: str) -> dict[str, object]:
    """A request from an address."""
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (peer, 1), "scheme": "http", "headers": told}


BEHIND = Proxies(Binding("10.0.0.5", auth=FOLDER, proxies=("10.0.0.9",)))


def test_headers_of_a_named_proxy_are_believed() -> None:
    seen = BEHIND.seen(asked("10.0.0.9", x_forwarded_for="10.1.1.1", x_forwarded_proto="https"))
    assert (seen["client"], seen["scheme"]) == (("10.1.1.1", 0), "https")


def test_of_several_values_the_proxys_own_counts() -> None:
    seen = BEHIND.seen(
        asked("10.0.0.9", x_forwarded_for="6.6.6.6, 10.1.1.1", x_forwarded_proto="http, https")
    )
    assert seen["client"] == ("10.1.1.1", 0)


def test_an_address_in_ipv6_clothes_is_the_same() -> None:
    seen = BEHIND.seen(asked("::ffff:10.0.0.9", x_forwarded_proto="https"))
    assert seen["client"] == ("10.0.0.9", 0)


@pytest.mark.parametrize("said", ["not an address", "", "<script>", "10.0.0.1:80"])
def test_what_is_no_address_is_not_taken_for_one(said: str) -> None:
    seen = BEHIND.seen(asked("10.0.0.9", x_forwarded_for=said, x_forwarded_proto="https"))
    assert seen["client"] == ("10.0.0.9", 0)


def test_who_goes_round_the_proxy_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        BEHIND.seen(asked("10.0.0.8", x_forwarded_for="10.0.0.9", x_forwarded_proto="https"))
    assert (refused.value.status, refused.value.code) == (403, "not_by_proxy")


def test_a_request_that_came_to_the_proxy_in_the_clear_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        BEHIND.seen(asked("10.0.0.9", x_forwarded_proto="http"))
    assert (refused.value.status, refused.value.code) == (403, "not_https")


def test_without_a_named_proxy_nobody_is_believed() -> None:
    seen = Proxies(Binding()).seen(
        asked("127.0.0.1", x_forwarded_for="10.1.1.1", x_forwarded_proto="https")
    )
    assert (seen["client"], seen["scheme"]) == (("127.0.0.1", 0), "http")
