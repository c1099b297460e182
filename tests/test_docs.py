"""The documentation says what is there: keys, commands, options, libraries, examples that work."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from config.load import load
from config.quantities import check_schedule
from config.reference import keys, table
from config.template import render

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
DOCS = ("start", "sources", "storage", "retrieval", "operations", "evidence", "design")


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, flags=re.MULTILINE | re.DOTALL)
    return [dedent(block) for block in found]


def commands() -> list[list[str]]:
    """Arguments of every `pressmark` in a console block, without what follows a pipe."""
    lines = [
        line
        for file in PAGES
        for block in blocks(file.read_text(), "console")
        for line in block.splitlines()
    ]
    calls = [line.removeprefix("$ ").split(" | ")[0] for line in lines if line.startswith("$ ")]
    return [shlex.split(call)[1:] for call in calls if call.startswith("pressmark ")]


COMMANDS = sorted({tuple(call) for call in commands()})


HELP = """
import contextlib, io, json, sys
from crawler.cli.main import main
texts = []
for path in json.loads(sys.argv[1]):
    sys.argv = ["pressmark", *path, "--help"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            main()
        except SystemExit as end:
            if end.code:
                sys.exit(f"{path}: status {end.code}")
    texts.append(out.getvalue())
print(json.dumps(texts))
"""
"""One process for all: a start of the command costs more than everything else here."""


def path_of(call: tuple[str, ...]) -> tuple[str, ...]:
    return call[:2] if call[0] in ("sources", "state", "token") else call[:1]


@cache
def helps() -> dict[tuple[str, ...], str]:
    paths = sorted({(), *map(path_of, COMMANDS)})
    done = subprocess.run(
        [sys.executable, "-c", HELP, json.dumps(paths)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(paths, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("call", COMMANDS, ids=" ".join)
def test_every_command_that_is_shown_has_the_options_that_are_shown(call: tuple[str, ...]) -> None:
    described = helps()[path_of(call)]
    options = {word.split("=")[0] for word in call[1:] if word.startswith("-") and word != "-"}
    missing = [option for option in options if not re.search(rf"(?<![\w-]){option}\b", described)]
    assert missing == []


def test_every_command_is_shown() -> None:
    listed = re.search(r"^Commands:\n(.*)\Z", helps()[()], flags=re.MULTILINE | re.DOTALL)
    assert listed
    names = set(re.findall(r"^  ([a-z-]+)", listed[1], flags=re.MULTILINE))
    assert names >= {"archive", "crawl", "get", "list", "search", "verify"}
    # Its way in is `make demo`.
    assert names - {call[0] for call in COMMANDS} <= {"demo"}


def test_the_pages_are_there_and_listed() -> None:
    index = page("README")
    assert [name for name in DOCS if f"[{name}]({name}.md)" not in index] == []
    assert {file.stem for file in (ROOT / "docs").glob("*.md")} == {*DOCS, "README"}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_links_lead_somewhere(file: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", file.read_text()):
        path, _, anchor = target.partition("#")
        if target.startswith("http"):
            continue
        linked = file.parent / path if path else file
        if not linked.exists():
            broken.append(target)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), flags=re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
            broken += [] if anchor in slugs else [target]
    assert broken == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_no_path_of_one_machine_stands_in_the_documentation(file: Path) -> None:
    assert not re.search(r"/(home|Users|root|work|tmp)/", file.read_text())


def test_the_table_of_settings_is_that_of_the_schema() -> None:
    assert table() in page("operations"), "run `python -m config.reference` and paste its table"


def test_every_key_and_variable_has_a_meaning() -> None:
    assert [key.path for key in keys() if not key.meaning or not key.allowed] == []
    variables = {name for key in keys() for name in key.variables} | {"PRESSMARK_CONFIG"}
    assert [name for name in variables if f"`{name}`" not in page("operations")] == []


def test_the_template_names_only_keys_that_there_are() -> None:
    named = re.findall(r"^#?([a-z_]+[0-9]?):", render(), flags=re.MULTILINE)
    assert "contact" in named
    assert set(named) <= {key.path[0].removesuffix("[]") for key in keys()}


@pytest.mark.parametrize("block", [block for name in DOCS for block in blocks(page(name), "yaml")])
def test_examples_of_the_configuration_are_valid(block: str, tmp_path: Path) -> None:
    file = tmp_path / "pressmark.yaml"
    file.write_text(block)
    load(file, {})


def test_the_cron_line_runs_a_crawl(tmp_path: Path) -> None:
    (line,) = (line.strip() for line in blocks(page("operations"), "cron"))
    fields = line.split(None, 5)
    check_schedule(" ".join(fields[:5]))
    assert "%" not in fields[5], "cron ends the command there"
    script = tmp_path / ".venv/bin/pressmark"
    script.parent.mkdir(parents=True)
    script.write_text('#!/bin/sh\necho "$@"; echo trouble >&2\n')
    script.chmod(0o755)
    (tmp_path / "data").mkdir()
    command = fields[5].replace("/srv/pressmark", str(tmp_path))
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("crawl\n", "")
    assert (tmp_path / "data/crawl.log").read_text() == "trouble\n"


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    # The names of keys keep their case.
    setattr(parser, "optionxform", str)  # noqa: B010 - mypy takes it for a method
    parser.read_string(text)
    return parser


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    analyse = shutil.which("systemd-analyze")
    if not analyse:
        pytest.skip("needs systemd-analyze")
    files = []
    for name, text in zip(("service", "timer"), blocks(page("operations"), "systemd"), strict=True):
        file = tmp_path / f"pressmark.{name}"
        # The checkout and the user of the example are not on this machine.
        program = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)
        file.write_text(re.sub(r"(?m)^(User|WorkingDirectory)=.*\n", "", program))
        files.append(file)
    done = subprocess.run([analyse, "verify", *files], capture_output=True, text=True, check=False)
    # It speaks of other units of the machine too.
    complaints = [line for line in done.stderr.splitlines() if "pressmark" in line]
    assert (done.returncode, complaints) == (0, [])


def test_the_systemd_units_run_a_crawl() -> None:
    service, timer = map(unit, blocks(page("operations"), "systemd"))
    assert service["Service"]["Type"] == "oneshot"
    start = shlex.split(service["Service"]["ExecStart"])
    assert Path(start[0]) == Path(service["Service"]["WorkingDirectory"]) / ".venv/bin/pressmark"
    assert start[1:] == ["crawl"]
    assert re.fullmatch(r"\*-\*-\* 00/\d+:00:00", timer["Timer"]["OnCalendar"])
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_every_library_has_its_sentence() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[\[<>=;, ]", text)[0].lower() for text in project["dependencies"]}
    section = page("design").partition("## Libraries")[2].partition("\n## ")[0]
    described = {name.lower() for name in re.findall(r"\*\*([\w-]+)\*\*", section)}
    assert names == described


def test_the_documented_statuses_are_those_of_the_command() -> None:
    section = page("operations").partition("## Exit statuses")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (\d+) \|", section, flags=re.MULTILINE) == [
        "0",
        "1",
        "2",
        "3",
        "130",
        "143",
    ]


def test_yaml_examples_are_found() -> None:
    assert all(yaml.safe_load(block) for name in DOCS for block in blocks(page(name), "yaml"))
    assert sum(len(blocks(page(name), "yaml")) for name in DOCS) >= 4
