"""What of an address is noted, and shown."""

from __future__ import annotations

import pytest

from archive.web.guard.masking import without_secret_values, without_secrets


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/x?token=abc&a=1", "/x?token=-&a=1"),
        ("/x?a=1&access_token=abc", "/x?a=1&access_token=-"),
        ("/x?API-Key=abc#f", "/x?API-Key=-#f"),
        ("/cdx?url=x.org%2F%3Fsid%3Dabc%26b%3D1", "/cdx?url=x.org%2F%3Fsid%3D-%26b%3D1"),
        ("/web/2026/http://x.org/?password=a%20b", "/web/2026/http://x.org/?password=-"),
        ("/save/pressmark_" + "a" * 40, "/save/pressmark_-"),
        ("/grant/ticket.abc.1.xyz/view/1/http://x/", "/grant/-/view/1/http://x/"),
        ("/x?%74oken=abc&%2574oken=abc", "/x?%74oken=-&%2574oken=-"),
        ("/x?url=y%253Fsid%253Dabc%2526b%253D1", "/x?url=y%253Fsid%253D-%2526b%253D1"),
        ("/x?token=abc?def=g&a=1", "/x?token=-&a=1"),
        ("/x?to=y%23access_token%3Dabc", "/x?to=y%23access_token%3D-"),
        ("/a;jsessionid=abc?b=1", "/a;jsessionid=-?b=1"),
        ("/web/2026/http://reader:geheim@x.org/a?b", "/web/2026/http://-@x.org/a?b"),
        ("/web/reader:ge%2Fheim@x.org", "/web/-@x.org"),
        ("/cdx?url=http%3A%2F%2Freader%3Ageheim%40x.org%2F", "/cdx?url=http%3A%2F%2F-%40x.org%2F"),
        ("/web/2026/http://x.org/@reader/pkg@1.2", "/web/2026/http://x.org/@reader/pkg@1.2"),
        ("/x?at=10:30&to=a@b", "/x?at=10:30&to=a@b"),
        ("/x?q=words", "/x?q=words"),
        ("/x", "/x"),
    ],
)  # fmt: skip
def test_secrets_are_not_logged(path: str, shown: str) -> None:
    assert without_secrets(path) == shown


@pytest.mark.parametrize("piece", ["%3Bkey", "%3B", "%25", "a:", "%40", "%3Ftoken%3D", "@"])
def test_effort_grows_with_the_length_alone(piece: str) -> None:
    """Of a pattern that looks back from each place this would take years."""
    path = "/?" + piece * (200_000 // len(piece))
    assert without_secrets(f"{path}&token=abc").endswith("-")


def test_values_of_a_url_that_is_shown() -> None:
    url = "https://x.org/@a:b@c/feed?id=1&api_key=abc#top"
    assert without_secret_values(url) == "https://x.org/@a:b@c/feed?id=1&api_key=-#top"
