"""`demo`: a small news site on loopback, archived, crawled and read back by the real commands."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click

from crawler.cli.exits import CHECKS_FAILED
from crawler.demo.site import DemoSite

_HOME = Path("data/demo")

_CONFIGURATION = """\
# Written by `pressmark demo`: its site is on loopback, which is closed to crawls otherwise.
contact: https://example.org/pressmark-demo
home: .
allow_networks: [127.0.0.0/8]
defaults: {{delay: 0.05}}
sources:
  - name: demo
    seeds: ["{site}"]
    feeds: ["{feed}"]
    sitemaps: ["{sitemap}"]
"""


@click.command("demo")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=_HOME,
    show_default=True,
    help="Folder that the demonstration writes to.",
)
def demo(home: Path) -> None:
    """Archive a page and a small news site that this command serves itself, and read them back."""
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "pressmark.yaml"
    with DemoSite() as site:
        configuration.write_text(
            _CONFIGURATION.format(site=site.url, feed=site.feed_url, sitemap=site.sitemap_url),
            encoding="utf-8",
        )
        failed = 0
        for title, arguments in _steps(site, home):
            click.secho(f"\n{title}", bold=True)
            failed += _run(configuration, arguments) != 0
    click.echo(
        f"\nEverything is in {home}; times are UTC. Look at it with any tool:\n"
        f"  zcat {home}/page.warc.gz | less\n"
        f"  python3 -m json.tool --no-ensure-ascii {home}/page.json\n"
        "or go on with Pressmark:\n"
        f"  export PRESSMARK_CONFIG={shlex.quote(str(configuration))}\n"
        f"  {shlex.quote(sys.argv[0])} list {site.url} --match host\n"
        f"  {shlex.quote(sys.argv[0])} serve\n"
        "The last one is for a browser: it prints the address to open."
    )
    if failed:
        raise click.exceptions.Exit(CHECKS_FAILED)


def _steps(site: DemoSite, home: Path) -> list[tuple[str, list[str]]]:
    page = site.seed_url
    return [
        (
            "1. Archive a page: our reconstruction of one that excerpts a BBC piece",
            ["archive", page],
        ),
        ("2. Crawl the small news site around it", ["crawl", "demo"]),
        ("3. What is there now", ["list", site.url, "--match", "host", "--limit", "12"]),
        ("4. The clean text of the page", ["get", page, "--as", "text"]),
        (
            "5. Its text and metadata as JSON",
            ["get", page, "--as", "json", "-o", f"{home}/page.json"],
        ),
        ("6. What the server said before the page", ["get", page, "--as", "headers"]),
        ("   and all bytes of the wire", ["get", page, "--as", "raw", "-o", f"{home}/page.http"]),
        ("7. Its WARC records", ["get", page, "--as", "warc", "-o", f"{home}/page.warc.gz"]),
        ("8. Find it by words", ["search", "peaceful", "protests"]),
        ("9. Read everything again and check it", ["verify"]),
    ]


def _run(configuration: Path, arguments: list[str]) -> int:
    click.secho(f"$ pressmark {shlex.join(arguments)}", dim=True)
    sys.stdout.flush()
    command = [sys.executable, "-c", "from crawler.cli.main import main; main()", *arguments]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PRESSMARK_")
    }
    return subprocess.run(  # noqa: S603 - our own command
        command, env={**environment, "PRESSMARK_CONFIG": str(configuration)}, check=False
    ).returncode
