"""The `pressmark` command."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from pathlib import Path

import click

from archive.errors import ArchiveError
from config.errors import ConfigurationError
from crawler.cli.exits import CHECKS_FAILED, INTERRUPTED, WRONG_USAGE, exit_status
from crawler.cli.foreign import refuse_foreign_packages
from crawler.cli.logs import set_up_logging
from crawler.cli.output import complain


class Commands(click.Group):
    """Loads the module of a command when it is asked for: Scrapy takes a second, `list` does not
    need it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"crawler.cli.{module}"), attribute)
        return command


_COMMANDS = {
    "init": "sources:init",
    "archive": "capture:archive",
    "crawl": "capture:crawl",
    "list": "retrieval:list_captures",
    "get": "retrieval:get",
    "search": "retrieval:search",
    "versions": "versions:versions",
    "diff": "versions:diff",
    "serve": "serving:serve_command",
    "token": "tokens:token",
    "restrict": "restricting:restrict",
    "import": "importing:import_files",
    "verify": "keeping:verify",
    "rebuild-index": "keeping:rebuild_index",
    "sources": "sources:sources",
    "status": "status:status",
    "state": "state:state",
    "doctor": "keeping:doctor",
    "demo": "demo:demo",
}


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="pressmark", prog_name="pressmark")
@click.option("--debug", is_flag=True, help="Log everything, and show tracebacks.")
def pressmark(debug: bool) -> None:
    """Keep what news sites publish: the bytes of the wire, and the clean text beside them."""
    set_up_logging(debug=debug)


def main() -> None:
    """Run the command line; errors become one sentence and an exit status."""
    refuse_foreign_packages(Path(__file__).resolve().parents[2])
    status = _run()
    try:
        sys.stdout.flush()
    except OSError as error:
        # The interpreter would try once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not status:
            complain(_of_file(error))
            status = CHECKS_FAILED
    sys.exit(status)


def _run() -> int:
    try:
        result = pressmark.main(standalone_mode=False)
    except click.exceptions.Abort:
        # Once there is a session, signals come to it.
        command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
        nothing = "; nothing was captured" if command in ("archive", "crawl") else ""
        complain(f"interrupted{nothing}")
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE if isinstance(error, click.UsageError) else CHECKS_FAILED
    except ConfigurationError as error:
        for problem in error.problems:
            complain(str(problem))
        return WRONG_USAGE
    except ArchiveError as error:
        complain(str(error))
        return exit_status(error)
    except OSError as error:
        complain(_of_file(error))
        return CHECKS_FAILED
    except Exception as error:  # noqa: BLE001 - users never see a traceback unless they ask
        if "--debug" in sys.argv:
            traceback.print_exc()
        complain(
            f"unexpected {type(error).__name__}: {error}; this is a defect of Pressmark: "
            "run the command again as `pressmark --debug ...` and report what it prints"
        )
        return CHECKS_FAILED
    return result if isinstance(result, int) else 0


def _of_file(error: OSError) -> str:
    # Where nothing names the file, it is the one that is printed to.
    return f"{error.filename or 'standard output'}: {error.strerror or error}"
