"""The pressmark.yaml that `pressmark init` writes."""

from __future__ import annotations

import json

from config.schema import Configuration

_HEAD = """\
# Configuration of Pressmark. Every key but `contact` can be left out: what is commented out below
# is the default. docs/operations.md lists all keys. Environment variables (PRESSMARK_HOME,
# PRESSMARK_COLLECTION, AWS_ACCESS_KEY_ID, ...) win over this file.

# A page or an address at which the people whose sites you crawl reach you. It goes into the user
# agent.
"""

_BODY = """
# Where the archive is kept: a folder, or s3://bucket/prefix. The home holds this machine's own
# state: what is not yet stored, and the SQLite files. Relative folders count from this file.
#home: data
#collection: data/collection

# Access to S3. Better in the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION,
# AWS_ENDPOINT_URL_S3.
#s3:
#  endpoint_url: https://s3.example.org
#  region: us-east-1

# Networks that may be fetched from although they are not public, e.g. ["10.1.0.0/16"].
#allow_networks: []

# How every source is crawled that does not say otherwise. `delay` is the least time between the
# starts of two page requests to a host.
#defaults:
#  delay: 1
#  concurrency: 2
#  robots: obey
#  depth: 1
#  limit: 1000
#  requisites: true

# What is followed. Each source needs a name and a place to start from. `schedule` ("every 2h", or a
# cron line) is checked now and acted on by a later version; until then cron runs `pressmark crawl`.
# The example:
#sources:
#  - name: example
#    seeds: ["https://news.example.org/"]
#    feeds: ["https://news.example.org/feed.xml"]
#    sitemaps: []
#    sections: []
#    include: ["/news/"]
#    exclude: ["/print/"]
#    schedule: every 2h
"""


def render(contact: str | None = None) -> str:
    """A commented file; without a contact that key is commented out too.

    Raises ConfigurationError for a contact that `load` would refuse.
    """
    if contact:
        Configuration().with_contact(contact)
    # A JSON text is a YAML text, whatever characters are in it.
    line = f"contact: {json.dumps(contact)}" if contact else "#contact: https://example.org/about"
    return f"{_HEAD}{line}\n{_BODY}"
