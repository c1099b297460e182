"""`serve`: the archive in a browser, and for the clients of other web archives."""

from __future__ import annotations

import logging

import click

from archive.restrictions.refreshing import Refreshing
from archive.view import View
from archive.web.app import make_app
from archive.web.server import address_of, listen, serve
from archive.web.site import Site
from crawler.cli.elsewhere import load_of_existing
from crawler.following import followed
from crawler.jobs.opening import open_queue
from crawler.opening import open_collection

logger = logging.getLogger(__name__)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port to listen on; 0: any free one.",
)
def serve_command(host: str, port: int) -> None:
    """Serve the collection over HTTP: raw snapshots and Memento."""
    configuration = load_of_existing()
    collection = open_collection(configuration)
    try:
        listening = listen(host, port)
        address = address_of(listening)
        jobs = open_queue(configuration)
        site = Site(
            collection=collection, view=View(collection), jobs=jobs, sources=followed(configuration)
        )
        with Refreshing(site.view.restrictions, collection.store):
            serve(make_app(site), listening, lambda: click.echo(f"Pressmark serves {address}"))
    finally:
        collection.close()
