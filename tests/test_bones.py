"""The packages have names that others use too; what holds the project together is checked here."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from crawler.cli.foreign import PACKAGES, refuse_foreign_packages

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

GPL_EXCEPTIONS = {
    "tld": "offered under MPL-1.1, GPL-2.0 or LGPL-2.1, at our choice: MPL-1.1",
}
"""Distributions whose licence field names the GPL although they can be had without it."""


def sources() -> list[Path]:
    folders = [*PACKAGES, "tests", "benchmarks"]
    found = {folder: [*(ROOT / folder).rglob("*.py")] for folder in folders}
    assert all(found.values())
    return sorted(file for files in found.values() for file in files)


def test_no_other_distribution_owns_our_packages() -> None:
    owners = importlib.metadata.packages_distributions()
    found = {name: set(owners.get(name, ())) - {"pressmark"} for name in PACKAGES}
    assert found == {name: set() for name in PACKAGES}


@pytest.mark.parametrize("folder", [".", "crawler/spiders"])
def test_scrapy_lists_the_spiders_from_the_root_and_from_a_folder(folder: str) -> None:
    script = Path(sys.executable).with_name("scrapy")
    done = subprocess.run(
        [script, "list"], cwd=ROOT / folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {"news", "page"} <= set(done.stdout.split())


def run_check(root: Path, *, path: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[2])\n"
        "import crawler.cli.foreign as foreign; foreign.refuse_foreign_packages()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, root, path], capture_output=True, text=True, check=False
    )


def test_a_foreign_package_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/__init__.py").touch()
    done = run_check(ROOT, path=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("pressmark: the package 'config' should be the one in ")
    assert str(tmp_path) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_our_own_packages_are_accepted(tmp_path: Path) -> None:
    assert run_check(ROOT, path=tmp_path).returncode == 0
    refuse_foreign_packages()


def test_a_namespace_package_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "pipelines").mkdir()
    with pytest.raises(SystemExit, match="'config' should be the one in"):
        refuse_foreign_packages(tmp_path)


def test_imports_are_absolute() -> None:
    relative = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sources()
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_every_folder_of_tests_is_a_package() -> None:
    """A `tests/archive` that is a package in a `tests` that is none would be found as `archive`."""
    folders = {file.parent for file in (ROOT / "tests").rglob("test_*.py")}
    missing = [str(folder) for folder in folders if not (folder / "__init__.py").exists()]
    assert missing == []


EXEMPTION = re.compile(
    r"#\s*(?:type: ?ignore(?:\[(?P<mypy>[\w, -]+)\])?|noqa(?:: ?(?P<ruff>[A-Z\d, ]+))?)"
)


def unexplained(lines: list[str]) -> list[int]:
    """Numbers of lines with an exemption and no reason: beside it, above it, or for one like it
    in the ten lines above."""
    explained: dict[str, int] = {}
    bare = []
    for number, line in enumerate(lines, 1):
        found = EXEMPTION.search(line)
        if not found:
            continue
        codes = (found["mypy"] or found["ruff"] or "").strip()
        beside = re.match(r"\s*(#|\(|- )\s*\S", line[found.end() :])
        above = lines[number - 2].lstrip().startswith("#") if number > 1 else False
        if codes and (beside or above or number - explained.get(codes, -99) <= 10):
            explained[codes] = number
        else:
            bare.append(number)
    return bare


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("import x  # noqa: E402", [1]),
        ("import x  # noqa", [1]),
        ("import x  # type: ignore  # no stubs", [1]),
        ("import x  # type: ignore[import-untyped]", [1]),
        ("import x  # type: ignore[import-untyped]  # it has no types", []),
        ("import x  # noqa: E402 - after the limits are set", []),
        ("import x  # noqa: E402 (after the limits are set)\nimport y  # noqa: E402", []),
        ("# After the limits are set.\nimport x  # noqa: E402", []),
        ("import x  # noqa: E402 (why)" + "\n" * 20 + "import y  # noqa: E402", [21]),
        ("import x  # noqa: E402 (why)\nimport y  # noqa: F401", [2]),
    ],
)
def test_which_exemptions_count_as_explained(text: str, bare: list[int]) -> None:
    assert unexplained(text.split("\n")) == bare


def test_every_exemption_from_a_check_has_its_reason() -> None:
    bare = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in sources()
        if file != Path(__file__)
        for number in unexplained(file.read_text().splitlines())
    ]
    assert bare == []


def runtime_distributions() -> dict[str, importlib.metadata.Distribution]:
    """The dependencies of pyproject.toml and theirs, with the extras that are asked for."""
    found: dict[tuple[str, str], importlib.metadata.Distribution] = {}
    waiting = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
    while waiting:
        requirement = waiting.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        for extra in {"", *requirement.extras}:
            if (name, extra) in found:
                continue
            found[name, extra] = importlib.metadata.distribution(name)
            needed = map(Requirement, found[name, extra].requires or ())
            waiting += [
                each
                for each in needed
                if each.marker is None or each.marker.evaluate({"extra": extra})
            ]
    return {name: distribution for (name, _), distribution in found.items()}


def licences(distribution: importlib.metadata.Distribution) -> str:
    fields = distribution.metadata
    classifiers = [c for c in fields.get_all("Classifier") or () if c.startswith("License ::")]
    # Some put the whole text into the field `License`; its first line names it.
    text = (fields.get_all("License") or [""])[0].strip().split("\n")[0]
    expressions = fields.get_all("License-Expression") or []
    return " | ".join(filter(None, [*expressions, text, *classifiers]))


def test_no_dependency_at_run_time_is_under_the_gpl_or_agpl() -> None:
    named = {name: licences(found) for name, found in runtime_distributions().items()}
    assert {"scrapy", "trafilatura", "lxml", "tld"} <= named.keys(), "the walk found too little"
    unknown = [name for name, licence in named.items() if not licence]
    assert unknown == []
    strong = re.compile(
        r"(?<!L)(?<!Lesser )(?<!Library or Lesser )\b(A?GPL|(Affero )?General Public)"
    )
    refused = {
        name: licence
        for name, licence in named.items()
        if strong.search(licence) and name not in GPL_EXCEPTIONS
    }
    assert refused == {}


def test_the_version_is_the_same_everywhere() -> None:
    version = PYPROJECT["project"]["version"]
    assert importlib.metadata.version("pressmark") == version
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(version)}\]", changelog, flags=re.MULTILINE)


def test_it_cannot_be_published_by_mistake() -> None:
    assert "Private :: Do Not Upload" in PYPROJECT["project"]["classifiers"]


def test_ci_runs_both_suites() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    lines = script.read_text().splitlines()
    assert [line for line in lines if line.startswith("make")] == [
        "make test </dev/null",
        "make test-full </dev/null",
    ]


@pytest.mark.slow  # the build backend comes from the package index
def test_the_wheel_holds_the_packages_and_their_data(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [uv, "build", "--quiet", "--no-config", "--wheel", "--out-dir", tmp_path, ROOT],
        # As in the Makefile: the certificates that the machine trusts.
        env={**os.environ, "UV_SYSTEM_CERTS": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [
        str(file.relative_to(ROOT))
        for pattern in (
            "config/sites/*.yaml",
            "crawler/demo/**/*.*",
            "archive/web/pages/templates/*",
            "archive/web/pages/static/*",
            "archive/web/replay/static/*",
        )
        for file in ROOT.glob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    ]
    assert data
    assert set(data) <= names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(PACKAGES)
