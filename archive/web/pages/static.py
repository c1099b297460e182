"""Style sheet, script and icon: under an address that changes with them, so kept for ever."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from archive.digests import sha256

PREFIX = "/static/"

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@lru_cache(1)
def _contents() -> dict[str, tuple[str, bytes]]:
    """Digest and bytes by name; a page asks for nothing else."""
    folder = files("archive.web.pages") / "static"
    found = {}
    for file in folder.iterdir():
        data = file.read_bytes()
        found[file.name] = sha256(data).rpartition(":")[2][:16], data
    return found


@lru_cache
def asset(name: str) -> str:
    """The address of a file in `static/`."""
    digest, _ = _contents()[name]
    return f"{PREFIX}{digest}/{name}"


async def static_file(request: Request) -> Response:
    """Answer `/static/<digest>/<name>`; an address of an older release leads to nothing."""
    digest, _, name = request.url.path.removeprefix(PREFIX).partition("/")
    expected, data = _contents().get(name, ("", b""))
    if not expected or digest != expected:
        return PlainTextResponse("no such file\n", 404)
    headers = {
        "Content-Type": _TYPES[name.rpartition(".")[2]],
        "Cache-Control": _FOR_EVER,
    }
    return Response(data, 200, headers)
