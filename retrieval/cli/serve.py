"""`cbir serve`: case lookup for people, by a page and an API."""

from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

import click

from models.errors import UsageError
from retrieval.cli.options import index_option, verbosity
from retrieval.cli.output import say

NEEDED = ("fastapi", "uvicorn", "multipart", "prometheus_client", "reportlab")


@click.command(
    epilog="Example: cbir serve --index demo/index --check",
    help="""Serve a page and an API for case lookup, on this machine alone.

    Needs the extra `serve`.""",
)
@index_option("serve")
@click.option("--host", default="127.0.0.1", help="An address of this machine's own (127.0.0.1).")
@click.option("--port", default=8600, type=click.IntRange(1, 65535), help="8600.")
@click.option(
    "--engines", default=2, type=click.IntRange(1, 64), help="Requests answered at a time (2)."
)
@click.option("--check", is_flag=True, help="Open the index, say that it is ready, and end.")
@verbosity
def serve(index: Path, host: str, port: int, engines: int, check: bool, quiet: bool) -> None:
    """See the help text above."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"serving needs {', '.join(missing)}, which the base installation has not: "
            "pip install 'cbir[serve]'"
        )
    check_host(host)
    import uvicorn

    from retrieval.web.app import application
    from retrieval.web.settings import ServeSettings

    app = application(ServeSettings(index, engines=engines, host=host, port=port))
    if check:
        say(f"ready to serve {index} at http://{host}:{port}")
        return
    if not quiet:
        say(f"http://{host}:{port}  (Ctrl+C ends it)", err=True)
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,  # it would name cases
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )


def check_host(host: str) -> None:
    """Raises `UsageError` unless only this machine can reach that address."""
    try:
        local = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise UsageError(
            f"--host {host} can be reached by others, and there is no sign-in yet; "
            "leave it at 127.0.0.1, and put a server with sign-in and TLS before it if need be"
        )
