"""Environment variables that win over keys of pressmark.yaml."""

from __future__ import annotations

from collections.abc import Mapping

CONFIG = "PRESSMARK_CONFIG"
"""Path of the file; without it, ./pressmark.yaml where one lies."""

VARIABLES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("home",): ("PRESSMARK_HOME",),
    ("collection",): ("PRESSMARK_COLLECTION",),
    ("database",): ("PRESSMARK_DATABASE_URL",),
    ("allow_networks",): ("PRESSMARK_ALLOW_NETWORKS",),
    ("s3", "access_key_id"): ("AWS_ACCESS_KEY_ID",),
    ("s3", "secret_access_key"): ("AWS_SECRET_ACCESS_KEY",),
    ("s3", "session_token"): ("AWS_SESSION_TOKEN",),
    ("s3", "region"): ("AWS_REGION", "AWS_DEFAULT_REGION"),
    ("s3", "endpoint_url"): ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    ("s3", "ca_bundle"): ("AWS_CA_BUNDLE",),
}
"""For each key its variables, the stronger one first."""

_KEY = ("s3", "access_key_id")
_TOKEN = ("s3", "session_token")


def overrides(environ: Mapping[str, str]) -> dict[tuple[str, ...], tuple[str, object]]:
    """For each key that the environment sets: the variable's name and the value.

    An empty variable counts as none. `allow_networks` is split at commas.
    """
    found: dict[tuple[str, ...], tuple[str, object]] = {}
    for path, names in VARIABLES.items():
        for name in names:
            if environ.get(name):
                found[path] = (name, environ[name])
                break
    if ("allow_networks",) in found:
        name, text = found[("allow_networks",)]
        found[("allow_networks",)] = (name, [part for part in str(text).split(",") if part.strip()])
    if _KEY in found and _TOKEN not in found:
        # A token belongs to one access key: the file's does not fit the environment's.
        found[_TOKEN] = (found[_KEY][0], None)
    return found
