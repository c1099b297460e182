"""Whether a page that was answered with 200 has its article, or says that it is gone or not free.

Sites say that in words, of which those of many languages are listed here.
"""

from __future__ import annotations

import re

from archive.errors import ContentError, RecordError, UrlError
from archive.memento import Memento
from archive.model import Article
from archive.urlkey import urlkey
from archive.versions.noise import folded

_GONE = re.compile(
    r"\b(?:error )?404\b"
    r"|(?:page|article|story|content|post|url)\b.{0,40}"
    r"\b(?:not (?:be )?found|no longer|does ?n[o']t exist"
    r"|unavailable|not available|(?:been )?(?:removed|deleted|unpublished))"
    r"|\bnot found\b"
    r"|seite (?:wurde )?nicht (?:gefunden|verfügbar)|nicht mehr verfügbar|existiert nicht"
    r"|(?:page|article|contenu).{0,30}"
    r"(?:introuvable|n'existe (?:pas|plus)|plus disponible|supprimée?)"
    r"|(?:página|artículo|contenido|artigo|conteúdo|notícia).{0,30}"
    r"(?:no (?:se )?(?:ha )?(?:encontrad[oa]|existe|disponible)"
    r"|não (?:foi )?(?:encontrad[oa]|existe)|eliminad[oa])"
    r"|pagina.{0,20}(?:non (?:trovata|esiste|disponibile)|niet gevonden|nu a fost găsită)"
    r"|страниц[аы].{0,30}(?:не найден|не существует|удал[её]н)"
    r"|(?:стор[іи]нк[аи]|матеріал).{0,30}(?:не знайден|не існує|видален)"
    r"|(?:strona|artykuł).{0,30}(?:nie (?:została )?(?:znaleziona|istnieje)|usunięt)"
    r"|stránk[ay].{0,30}(?:nenalezen|neexistuje)|sayfa.{0,20}bulunamadı"
    r"|sidan.{0,20}(?:hittades inte|finns inte)"
    r"|halaman tidak ditemukan|không tìm thấy trang|η σελίδα δεν (?:βρέθηκε|υπάρχει)"
    r"|(?:页面|頁面|网页|文章|内容|您访问的).{0,12}"
    r"(?:不存在|未找到|找不到|已(?:被)?(?:删除|刪除)|已下线)"
    r"|(?:ページ|記事).{0,12}(?:見つかりません|存在しません|削除|終了)"
    r"|(?:페이지|기사).{0,12}(?:찾을 수 없|존재하지 않|삭제)"
    r"|(?:الصفحة|المقال).{0,30}(?:غير موجود|لا توجد|تم حذف)|(?:لم يتم العثور)"
    r"|(?:صفحه|مطلب).{0,30}(?:یافت نشد|پیدا نشد|وجود ندارد)|(?:הדף|העמוד).{0,20}(?:לא נמצא|לא קיים)"
    r"|ไม่พบหน้า|पृष्ठ नहीं मिला|पेज नहीं मिला",
    re.DOTALL,
)
_SUBSCRIBE = re.compile(
    r"\bsubscri(?:be|bers?|ption)\b.{0,60}(?:read|continue|access|unlock|full|already|exclusive)"
    r"|(?:read|continue|access|unlock|exclusive|only).{0,60}\bsubscri(?:be|bers?|ption)\b"
    r"|(?:sign|log) in (?:or .{0,40})?to (?:read|continue)|register to (?:read|continue)"
    r"|\babonn\w*|\bweiterlesen mit\b|\bjetzt freischalten\b"
    r"|réservée? aux abonnés|il vous reste \d+"
    r"|suscr[ií]b\w*|suscriptor\w*|assinante\w*|\bassine\b|abbonat\w*|abbonament\w*"
    r"|подпис\w+.{0,40}(?:чита|доступ|продолж)|передплат\w+|prenumerat\w*|předplat\w*"
    r"|abonelik|abone ol"
    r"|berlangganan|đăng ký để đọc|συνδρομ\w+"
    r"|订阅.{0,12}(?:阅读|全文|继续)|訂閱.{0,12}(?:閱讀|全文|繼續)|付费|付費|会员.{0,8}(?:阅读|专享|可读)"
    r"|有料(?:会員|記事)|会員限定|残り\s?[\d,]+\s?文字|구독.{0,12}(?:읽|기사|전용)|유료"
    r"|اشترك.{0,30}(?:قراءة|لقراءة|متابعة)|للمشتركين|اشتراک|מנויים|สมัครสมาชิก",
    re.DOTALL,
)
_NOT_FREE = re.compile(rb"[\"']isAccessibleForFree[\"']\s*:\s*[\"']?false\b", re.IGNORECASE)
_FORM = re.compile(
    r"/(?:amp|print|m|mobile|full|all|single|page|comments?|p?\d{1,2}|index\.\w+)(?:/\d*)?"
)
_SHORT = 100  # words: what only says that something is gone has fewer
_LEFT = 0.6  # of the words there were: less is the beginning that anybody may read


def says_gone(article: Article, words: int) -> bool:
    """Whether a page of `words` words is one of those that stand for another that is not there."""
    if words >= _SHORT:
        return False
    head = folded(f"{article.title or ''}\n{article.text[:400]}").casefold()
    return bool(_GONE.search(head))


def leads_home(url: str, target: str) -> bool:
    """Whether `target` is the front page of the site of `url`, or a section that holds it; not the
    article of which `url` is a form (its AMP page, its second page).
    """
    try:
        key, other = urlkey(url), urlkey(target)
    except UrlError:
        return False
    path, above = (k.partition(")")[2].partition("?")[0].rstrip("/") for k in (key, other))
    if not is_same_site(key, other) or not path.startswith(f"{above}/"):
        return False
    return not above or not _FORM.fullmatch(path[len(above) :])


def is_same_site(key: str, other: str) -> bool:
    """Whether of two urlkeys the one's host is that of the other, or lies below it."""
    first, second = (k.partition(")")[0] + "," for k in (key, other))
    return first.startswith(second) or second.startswith(first)


def may_be_cut(words: int, most: int) -> bool:
    """Whether a text is so short that it may be the free beginning of one; `most`: words that it
    once had, 0 where it was never seen before.
    """
    return words < (_LEFT * most or _SHORT)


def asks_to_subscribe(article: Article) -> bool:
    """Whether the text says that there is more of it for subscribers."""
    ends = f"{article.text[:300]}\n{article.text[-600:]}"
    return bool(_SUBSCRIBE.search(folded(ends).casefold()))


def is_marked_not_free(memento: Memento) -> bool:
    """Whether the page says so to machines (schema.org, isAccessibleForFree). Raises StoreError."""
    try:
        return bool(_NOT_FREE.search(memento.body()))
    except (ContentError, RecordError):
        return False  # It cannot be read; then it says nothing.
