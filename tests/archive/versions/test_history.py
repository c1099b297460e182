"""The versions of an article, from captures that were really archived."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.documents import text_digest
from archive.errors import NotArchived, NothingToCompare, Withheld
from archive.model import Article, Capture, Document
from archive.names import key_of
from archive.versions import compare, versions_of
from archive.view import View
from tests.archive.restrictions.deciding import withhold
from tests.archive.versions.archived import HTML, URL, Archive, day
from tests.archive.versions.texts import ENGLISH, of

CORRECTED = ENGLISH.replace("12", "14")
LONGER = f"{ENGLISH}\n{ENGLISH.replace('factory', 'warehouse').replace('Monday', 'Friday')}"
FIRST = of(ENGLISH, "Twelve dead in fire", authors=("Ana Diaz",), published="2026-11-22")
ELSEWHERE = (b"Location: https://example.org/2026/fire-in-the-north", HTML)
FRONT = (b"Location: https://www.example.org/", HTML)


def damage(archive: Archive, capture: Capture) -> None:
    """Change a byte in the middle of its record."""
    store, key = archive.collection.store, key_of(capture.filename)
    data = bytearray(store.get(key))
    data[capture.offset + capture.length // 2] ^= 0xFF
    store.put_right(key, bytes(data))


def test_captures_with_the_same_text_are_one_version(archive: Archive) -> None:
    first = archive.add(FIRST)
    archive.add(replace(FIRST, modified="2026-11-24", tags=("fire",)))
    archive.add_revisit(first)
    found = archive.versions()
    (version,) = found.versions
    assert (version.timestamp, version.last_timestamp, version.captures) == (day(1), day(3), 3)
    assert (version.kinds, version.state, version.capture.status) == ((), "present", 200)
    assert (version.title, version.authors) == ("Twelve dead in fire", ("Ana Diaz",))
    assert (version.text_digest, version.words) == (text_digest(ENGLISH), 50)
    assert version.memento == f"/web/{day(1)}/{URL}"
    assert (found.urls, found.captures, found.skipped) == ((URL,), 3, 0)


def test_another_page_with_the_same_key_is_no_version(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(replace(FIRST, text=LONGER), url=URL.upper().replace("HTTPS", "https"))
    archive.add(FIRST, url=f"{URL}/")
    (version,) = archive.versions().versions
    assert (version.captures, version.kinds) == (2, ())


def test_each_kind_of_change(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(replace(FIRST, text=CORRECTED))
    archive.add(replace(FIRST, text=CORRECTED, title="Fourteen dead in fire"))
    archive.add(replace(FIRST, text=CORRECTED, title="Fourteen dead in fire", authors=("Bo Li",)))
    archive.add(replace(FIRST, text=LONGER, title="Fourteen dead in fire"))
    archive.add(replace(FIRST, text=ENGLISH, title="Fourteen dead in fire"))
    archive.add(replace(FIRST, text="\n".join(reversed(ENGLISH.split("\n")))))
    assert archive.kinds() == [
        (),
        ("correction",),
        ("headline",),
        ("metadata",),
        ("correction", "addition"),
        ("removal",),
        ("headline",),
    ]


def test_what_no_reader_notices_is_a_version_without_a_kind(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(replace(FIRST, text=ENGLISH.replace("\n", "\n5 minutes ago\n", 1)))
    assert archive.kinds() == [(), ()]


def test_an_earlier_text_that_comes_back_is_a_new_version(archive: Archive) -> None:
    for text in (ENGLISH, CORRECTED, ENGLISH):
        archive.add(replace(FIRST, text=text))
    found = archive.versions().versions
    assert [version.kinds for version in found] == [(), ("correction",), ("correction",)]
    assert found[0].text_digest == found[2].text_digest


@pytest.mark.parametrize("status", [b"404 Not Found", b"410 Gone", b"451 Unavailable"])
def test_deleted_and_returned(archive: Archive, status: bytes) -> None:
    archive.add(FIRST)
    archive.add(status=status)
    archive.add(of("Page not found", "404"), status=b"404 Not Found")
    archive.add(FIRST)
    found = archive.versions().versions
    assert [version.kinds for version in found] == [(), ("deleted",), ("returned",)]
    assert [version.state for version in found] == ["present", "deleted", "present"]
    deleted = found[1]
    assert (deleted.captures, deleted.text_digest, deleted.title) == (2, None, None)
    assert deleted.capture.status == int(status[:3])


def test_a_page_that_was_not_there_yet(archive: Archive) -> None:
    archive.add(status=b"404 Not Found")
    archive.add(FIRST)
    assert archive.kinds() == [(), ("addition",)]


def test_returned_with_another_text(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(status=b"404 Not Found")
    archive.add(replace(FIRST, text=CORRECTED))
    assert archive.kinds() == [(), ("deleted",), ("correction", "returned")]


@pytest.mark.parametrize(
    "article",
    [
        of("Sorry, the page you are looking for could not be found.", "Courier"),
        of("Try our search.", "404 - Courier"),
        of("", "Page not found"),
        of("Diese Seite wurde nicht gefunden.", "Zeitung"),
        of("La page que vous cherchez est introuvable.", "Journal"),
        of("La página que busca no existe.", "Diario"),
        of("Запрашиваемая страница не найдена.", "Газета"),
        of("您访问的页面不存在或已被删除。", "新闻"),
        of("お探しのページは見つかりませんでした。", "ニュース"),
        of("الصفحة التي تبحث عنها غير موجودة", "أخبار"),
    ],
    ids=lambda article: article.text or article.title,
)
def test_pages_that_say_not_found_with_status_200(archive: Archive, article: Article) -> None:
    archive.add(FIRST)
    archive.add(replace(article, quality="thin"))
    assert archive.kinds() == [(), ("deleted",)]


def test_an_article_about_what_was_not_found_is_there(archive: Archive) -> None:
    archive.add(of(f"{LONGER}\nThe page was not found.\n{LONGER}", "404 pages that were not found"))
    archive.add(
        of(f"{LONGER}\nThe page was not found.\n{LONGER}!", "404 pages that were not found")
    )
    assert archive.kinds() == [(), ("correction",)]


def test_the_front_page_in_the_place_of_an_article(archive: Archive) -> None:
    archive.add(replace(FIRST, canonical_url=URL))
    archive.add(
        of("News of today. Sport. Weather.", "Courier", canonical_url="https://example.org/")
    )
    archive.add(status=b"302 Found", fields=FRONT)
    found = archive.versions().versions
    assert [version.kinds for version in found] == [(), ("deleted",)]
    assert found[1].captures == 2


def test_a_site_that_calls_every_page_its_front_page(archive: Archive) -> None:
    for text in (ENGLISH, CORRECTED):
        archive.add(replace(FIRST, text=text, canonical_url="https://example.org/"))
    assert archive.kinds() == [(), ("correction",)]


def test_a_redirect_to_https_or_www_says_nothing(archive: Archive) -> None:
    archive.add(
        url=URL.replace("https", "http"),
        status=b"301 Moved",
        fields=(b"Location: " + URL.encode(),),
    )
    archive.add(FIRST)
    found = archive.versions()
    assert [version.kinds for version in found.versions] == [()]
    assert (found.captures, found.skipped) == (2, 1)


def test_an_article_that_moved_is_followed(archive: Archive) -> None:
    target = ELSEWHERE[0].decode().removeprefix("Location: ")
    archive.add(FIRST)
    archive.add(status=b"301 Moved", fields=ELSEWHERE)
    archive.add(replace(FIRST, text=CORRECTED), url=target)
    found = archive.versions()
    assert found.urls == (URL, target)
    assert [(version.url, version.kinds) for version in found.versions] == [
        (URL, ()),
        (target, ("correction",)),
    ]


def test_a_redirect_to_another_article_is_not_followed(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(status=b"301 Moved", fields=ELSEWHERE)
    other = of("Rain is expected on the coast until the weekend.", "Rain")
    archive.add(other, url=ELSEWHERE[0].decode().removeprefix("Location: "))
    assert archive.versions().urls == (URL,)
    assert archive.kinds() == [()]


@pytest.mark.parametrize("status", [b"500 Oops", b"503 Busy", b"403 Forbidden", b"429 Slow down"])
def test_failures_say_nothing_of_the_article(archive: Archive, status: bytes) -> None:
    archive.add(FIRST)
    archive.add(of("Something went wrong"), status=status)
    archive.add(FIRST)
    found = archive.versions()
    assert [version.captures for version in found.versions] == [2]
    assert (found.captures, found.skipped) == (3, 1)


def test_pages_whose_text_is_not_known_say_nothing(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(None)
    archive.add(Article(extraction_status="timeout"))
    archive.add(Article(extraction_status="crash"))
    found = archive.versions()
    assert (len(found.versions), found.skipped) == (1, 3)


def test_a_page_that_has_no_text_any_more(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(of("", "Twelve dead in fire", extraction_status="empty", quality="error"))
    assert archive.kinds() == [(), ("removal",)]


def test_a_paywall_goes_up_and_comes_down(archive: Archive) -> None:
    begin = LONGER.split("\n")[0]
    archive.add(replace(FIRST, text=LONGER))
    archive.add(replace(FIRST, text=f"{begin}\nSubscribe to continue reading this article."))
    archive.add(replace(FIRST, text=f"{begin}\nSubscribers only: log in to read the rest."))
    archive.add(replace(FIRST, text=LONGER))
    found = archive.versions().versions
    assert [version.kinds for version in found] == [
        (),
        ("paywalled",),
        ("addition", "removal"),
        ("returned",),
    ]
    assert [version.state for version in found] == ["present", "paywalled", "paywalled", "present"]


@pytest.mark.parametrize(
    "last",
    [
        "Weiterlesen mit dem Abonnement.",
        "Réservé aux abonnés",
        "订阅后可阅读全文",
        "この記事は会員限定です。",
        "للمشتركين فقط",
    ],
)
def test_paywalls_in_other_languages(archive: Archive, last: str) -> None:
    archive.add(replace(FIRST, text=LONGER))
    begin = LONGER.split("\n")[0]
    archive.add(replace(FIRST, text=f"{begin}\n{last}", quality="thin"))
    assert archive.kinds() == [(), ("paywalled",)]


def test_a_paywall_that_only_machines_are_told_of(archive: Archive) -> None:
    body = b'<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'
    archive.add(replace(FIRST, text=LONGER), body=body)
    archive.add(replace(FIRST, text=ENGLISH.split("\n")[0]), body=body + b" ")
    archive.add(replace(FIRST, text=LONGER.replace("12", "14")), body=body + b"  ")
    assert archive.kinds() == [(), ("paywalled",), ("correction", "returned")]


def test_a_short_text_whose_page_is_damaged_is_a_version_all_the_same(archive: Archive) -> None:
    archive.add(replace(FIRST, text=LONGER))
    short = replace(FIRST, text=ENGLISH.split("\n")[0])
    damage(archive, archive.add(short))
    body = b'<script type="application/ld+json">{"isAccessibleForFree": "False"}</script>'
    found = archive.versions().versions
    assert [version.state for version in found] == ["present", "present"]
    # Another page with the same text can be read, and is.
    archive.add(short, body=body)
    found = archive.versions().versions
    assert [version.state for version in found] == ["present", "present", "paywalled"]


def test_payment_required(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(status=b"402 Payment Required")
    found = archive.versions().versions
    assert [version.kinds for version in found] == [(), ("paywalled",)]
    assert found[1].text_digest is None


def test_a_cut_by_the_editor_is_no_paywall(archive: Archive) -> None:
    archive.add(replace(FIRST, text=f"{LONGER}\nSubscribe to our newsletter."))
    archive.add(replace(FIRST, text=f"{ENGLISH}\nSubscribe to our newsletter."))
    assert archive.kinds() == [(), ("removal",)]


def test_revisits_have_the_text_of_what_they_repeat(archive: Archive) -> None:
    first = archive.add(FIRST)
    second = archive.add(replace(FIRST, text=CORRECTED))
    archive.add_revisit(second)
    archive.add_revisit(first)
    archive.add_revisit(second, not_modified=True)
    archive.add_revisit(first, not_modified=True)
    found = archive.versions().versions
    assert [version.captures for version in found] == [1, 2, 1, 1, 1]
    assert found[2].text_digest == found[4].text_digest == text_digest(ENGLISH)
    assert found[3].text_digest == text_digest(CORRECTED)


def test_other_files_have_a_version_for_each_payload(archive: Archive) -> None:
    url = "https://example.org/report.pdf"
    pdf = (b"Content-Type: application/pdf",)
    for body in (b"one", b"one", b"two"):
        archive.add(url=url, body=body, fields=pdf)
    found = archive.versions(url).versions
    assert [(version.captures, version.text_digest) for version in found] == [(2, None), (1, None)]
    assert found[0].capture.digest != found[1].capture.digest


def test_pages_that_name_the_same_canonical_url_are_one_article(archive: Archive) -> None:
    amp, printed = f"{URL}/amp", f"{URL}?print=1"
    archive.add(replace(FIRST, canonical_url=URL))
    archive.add(replace(FIRST, canonical_url=URL), url=amp)
    archive.add(replace(FIRST, canonical_url=URL), url=printed)
    archive.add(replace(FIRST, text=CORRECTED, canonical_url=URL), url=amp)
    assert [archive.versions(url).urls for url in (URL, amp, printed)] == [
        (URL, amp, printed),
        (amp, URL, printed),
        (printed, URL, amp),
    ]
    for url in (URL, amp, printed):
        found = archive.versions(url).versions
        assert [(version.url, version.captures) for version in found] == [(URL, 3), (amp, 1)]
        assert [version.kinds for version in found] == [(), ("correction",)]


def test_a_page_that_names_another_one_wrongly_is_no_part_of_that(archive: Archive) -> None:
    archive.add(FIRST)
    other = of("Rain is expected on the coast until the weekend.", "Rain", canonical_url=URL)
    archive.add(other, url="https://example.org/rain")
    archive.add(replace(FIRST, canonical_url=URL), url="https://copies.org/fire")
    assert archive.versions().urls == (URL,)


def test_two_addresses_that_show_two_texts_in_turn(archive: Archive) -> None:
    """What counts is a change at one address, not the difference of the two."""
    amp = f"{URL}/amp"
    short = replace(FIRST, text=ENGLISH.rpartition("\n")[0], canonical_url=URL)
    for _ in range(2):
        archive.add(replace(FIRST, canonical_url=URL))
        archive.add(short, url=amp)
    archive.add(replace(FIRST, text=CORRECTED, canonical_url=URL))
    found = archive.versions(amp).versions
    assert [version.kinds for version in found] == [(), ("removal",), ("correction",)]
    assert [version.captures for version in found] == [2, 2, 1]


@pytest.mark.parametrize(
    "canonical",
    [
        "https://example.org/",
        "https://elsewhere.org/news/fire",
        "https://example.org/rain",
        "nonsense:",
    ],
)
def test_a_wrong_canonical_url_brings_no_other_article_in(archive: Archive, canonical: str) -> None:
    other = of("Rain is expected on the coast until the weekend.", "Rain")
    archive.add(other, url="https://example.org/")
    archive.add(other, url="https://example.org/rain")
    archive.add(FIRST, url="https://elsewhere.org/news/fire")
    archive.add(replace(FIRST, canonical_url=canonical))
    assert archive.versions().urls == (URL,)


def test_nothing_is_known_of_what_is_not_archived(archive: Archive) -> None:
    archive.add(FIRST)
    with pytest.raises(NotArchived):
        archive.versions("https://example.org/other")


def test_what_is_withheld_is_in_no_version(archive: Archive) -> None:
    archive.add(FIRST)
    archive.add(replace(FIRST, text=CORRECTED))
    withhold(archive.collection, url=URL, end=day(1))
    (version,) = archive.versions().versions
    assert (version.timestamp, version.kinds) == (day(2), ())
    assert len(versions_of(archive.view.everything(), URL).versions) == 2
    withhold(archive.collection, url=URL)
    with pytest.raises(Withheld):
        archive.versions()


class Counting(View):
    """Counts the documents that are read."""

    documents_read = 0

    def settled(self) -> View:
        return self

    def document(self, capture: Capture) -> Document | None:
        self.documents_read += 1
        return super().document(capture)


def test_a_document_is_read_once_for_each_payload(archive: Archive) -> None:
    first = archive.add(FIRST, body=b"same")
    for _ in range(10):
        archive.add_revisit(first)
        archive.add(FIRST, body=b"same")
    view = Counting(archive.collection)
    (version,) = versions_of(view, URL).versions
    assert (version.captures, view.documents_read) == (21, 1)


def test_why_there_is_nothing_to_compare_is_told_as_it_is(archive: Archive) -> None:
    archive.add(FIRST)
    with pytest.raises(NothingToCompare, match=f"{URL} has one version only, of 2026-11-23 "):
        compare(archive.view, URL)
    archive.add(replace(FIRST, text=CORRECTED))
    with pytest.raises(NothingToCompare, match="no version before the first, of 2026-11-23 "):
        compare(archive.view, URL, end=day(1))
    with pytest.raises(NothingToCompare, match="the same version at both times, of 2026-11-24 "):
        compare(archive.view, URL, start=day(2), end=day(3))
    archive.add(FIRST)
    read = "no version before the first among the captures that are read, the newest, of 2026-11-24"
    with pytest.raises(NothingToCompare, match=read):
        compare(archive.view, URL, end=day(2), most=2)


def test_of_many_captures_the_newest_are_read(archive: Archive) -> None:
    for number in range(3):
        archive.add(Article(title="Fire", text=f"The fire of day {number} is out."))
    every = versions_of(archive.view, URL)
    assert (every.captures, every.whole, len(every.versions)) == (3, True, 3)
    newest = versions_of(archive.view, URL, most=2)
    assert (newest.captures, newest.whole) == (2, False)
    assert [version.timestamp for version in newest.versions] == [day(2), day(3)]
    assert versions_of(archive.view, URL, most=3).whole
    change = compare(archive.view, URL, start=day(1), most=2)
    assert (change.older.timestamp, change.newer.timestamp) == (day(2), day(3))
