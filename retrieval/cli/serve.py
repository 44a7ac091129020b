"""`cbir serve`: case lookup for people, by a page and an API."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from models.errors import UsageError
from retrieval.cli.options import Place, index_option, verbosity
from retrieval.cli.output import say

NEEDED = ("fastapi", "uvicorn", "multipart", "prometheus_client", "reportlab", "argon2")
FOR_OIDC = ("authlib", "requests")
AUDIT = "audit.jsonl"


@click.command(
    epilog="Example: cbir serve --index demo/index --check",
    help="""Serve a page and an API for case lookup, on this machine alone.

    Another address needs --auth and TLS, or a trusted proxy (docs/security.md). Needs the extra
    `serve`.""",
)
@index_option("serve")
@click.option("--host", default="127.0.0.1", help="The address to listen at (127.0.0.1).")
@click.option("--port", default=8600, type=click.IntRange(1, 65535), help="8600.")
@click.option("--name", multiple=True, help="What else people call this server by.")
@click.option(
    "--auth", type=Place(file_okay=False), help="The folder of its users (`cbir users add`)."
)
@click.option("--tls-cert", type=Place(dir_okay=False), help="The certificate, in PEM.")
@click.option("--tls-key", type=Place(dir_okay=False), help="Its key, in PEM.")
@click.option(
    "--trusted-proxy", multiple=True, help="Address of a proxy that speaks TLS for this server."
)
@click.option(
    "--audit",
    type=Place(dir_okay=False),
    help=f"Where it is recorded who saw which case; with --auth, {AUDIT} in its folder.",
)
@click.option(
    "--archive", type=Place(), help="The index's archive, where curators may add and label cases."
)
@click.option(
    "--label-from",
    type=click.Choice(["auto", "manifest", "folder", "dicom", "none"]),
    default="auto",
    help="As `cbir index` was given it, with --archive (auto).",
)
@click.option(
    "--engines", default=2, type=click.IntRange(1, 64), help="Requests answered at a time (2)."
)
@click.option("--check", is_flag=True, help="Open the index, say that it is ready, and end.")
@verbosity
def serve(
    index: Path, engines: int, audit: Path | None, check: bool, quiet: bool, **where: Any
) -> None:
    """See the help text above."""
    _check_installed(NEEDED)
    import uvicorn

    from retrieval.web.access.binding import Binding, check_tls
    from retrieval.web.app import application, look
    from retrieval.web.settings import Curated, ServeSettings

    binding = Binding(
        host=where["host"],
        port=where["port"],
        names=where["name"],
        auth=where["auth"],
        cert=where["tls_cert"],
        key=where["tls_key"],
        proxies=where["trusted_proxy"],
    )
    binding.check()
    check_tls(binding)
    if binding.auth is not None:
        audit = audit or binding.auth / AUDIT
        if (binding.auth / "oidc.toml").exists():
            _check_installed(FOR_OIDC)
    curated = Curated(where["archive"], where["label_from"]) if where["archive"] else None
    settings = ServeSettings(index, engines, binding, audit, curated=curated)
    if check:
        look(settings)
        say(f"ready to serve {index} at {binding.address}")
        return
    app = application(settings)
    if not quiet:
        say(f"{binding.address}  (Ctrl+C ends it)", err=True)
    uvicorn.run(
        app,
        host=binding.host,
        port=binding.port,
        ssl_certfile=binding.cert,
        ssl_keyfile=binding.key,
        log_level="warning",
        access_log=False,  # it would name cases
        server_header=False,
        proxy_headers=False,  # retrieval/web/access/proxies.py reads them, of a named one only
        timeout_graceful_shutdown=5,
    )


def _check_installed(names: tuple[str, ...]) -> None:
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"serving needs {', '.join(missing)}, which the base installation has not: "
            "pip install 'cbir[serve]'"
        )
