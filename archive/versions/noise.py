"""What changes in a page without the article changing: spelling of the same, and lines of counters.

Rules that hold in any language where there are such; the words that are needed are listed below.
"""

from __future__ import annotations

import re
import unicodedata

import regex  # type: ignore[import-untyped]  # ships no types

_SAME = {
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
    # Tatweel, which stretches a word, and the variation selectors of symbols.
    **dict.fromkeys("ـ\ufe0e\ufe0f", ""),
}
_TABLE = str.maketrans(_SAME)
_FORMAT = regex.compile(r"\p{Cf}+")  # soft hyphens, zero-width spaces and joiners, bidi marks
_RUNS = ((re.compile(r"-{2,}"), "-"), (re.compile("''|,,"), '"'), (re.compile(r"\.{2,}"), "..."))


def folded(text: str) -> str:
    """The text with one form for all that reads the same: NFKC, quotes, dashes, invisible signs."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _FORMAT.sub("", text).translate(_TABLE))
        text = text.translate(_TABLE)  # of compatibility forms, such as ＂ and ﹘
    elif len(text) == 1 and text != "`":
        return text
    text = text.replace("`", "'")
    for run, sign in _RUNS:
        text = run.sub(sign, text)
    return text


_LONGEST = 60
_WORDS = 8

_NUMBER = r"\d[\d.,'’\s]{0,9}\s?(?:k|m|mio|tsd|тыс|млн|万|萬|천|만)?\.?"
_UNIT = (
    r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?|months?|years?"
    r"|sekunden?|minuten?|stunden?|std|tag(?:e|en)?|wochen?|monat(?:e|en)?|jahr(?:e|en)?"
    r"|secondes?|heures?|jours?|semaines?|mois|ans?|segundos?|minutos?|horas?|d[ií]as?|semanas?|m[eê]s(?:es)?|a[nñ]os?|dias?"
    r"|secondi|minut[oi]|or[ae]|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]"
    r"|секунд\w*|мин\w*|час\w*|д(?:ень|ня|ней)|недел\w*|месяц\w*|секунд\w*|хв\w*|годин\w*|дн\w*|тижд\w*"
    r"|minut\w*|godzin\w*|dni|dzień|tygod\w*|dakika|saat|gün|hafta|ay"
    r"|minuut|minuten|uur|dagen?|weken|minuuttia|tuntia|timmar?|timer?|minutter|dagar"
    r"|menit|jam|hari|phút|giờ|ngày|λεπτ\w+|ώρ\w+|ημέρ\w+"
    r"|دقيقة|دقائق|ساعة|ساعات|يوم|أيام|دقیقه|ساعت|روز|דקות|שעות|ימים|मिनट|घंटे|दिन|นาที|ชั่วโมง|วัน)\.?"
)
_AGO = (
    r"(?:ago|vor|il y a|hace|fa|h[áa]|atrás|temu|назад|тому|önce|πριν|pre|prije|acum|sedan|siden"
    r"|geleden|sitten|lalu|yang lalu|trước|ที่แล้ว|पहले|قبل|منذ|پیش|לפני|před|pred|ezelőtt)"
)
_AROUND = r"(?:\w+[^\w.!?]+){0,2}", r"(?:[^\w.!?]+\w+){0,2}[^\w.!?]*"  # "Updated ... by us"
_AGES = (
    rf"{_AGO}[^\w.!?]*{_NUMBER}\s?{_UNIT}",
    rf"{_NUMBER}\s?{_UNIT}\s?{_AGO}",
    r"\d+\s?(?:秒|分钟|分鐘|分|小时|小時|時間|天|日|周|週間|个月|か月|ヶ月|月|年)前",
    r"\d+\s?(?:초|분|시간|일|주|개월|년)\s?전",
)
_AGE = re.compile(rf"{_AROUND[0]}(?:{'|'.join(_AGES)}){_AROUND[1]}")
_READING = re.compile(
    rf"{_NUMBER}\s?{_UNIT}\W(?:read|lesezeit|de lecture|de lectura|di lettura)\W*"
)
_COUNTED = (
    r"(?:shares?|comments?|views?|likes?|reads?|retweets?|reactions?|repl(?:y|ies)|followers?"
    r"|kommentare?|aufrufe|partages?|commentaires?|vues|comentarios?|visitas|compartid[oa]s?"
    r"|coment[áa]rios?|visualiza\w+|condivisioni|commenti|комментари\w*|просмотр\w*|коментар\w*"
    r"|перегляд\w*|komentarz\w*|yorum|paylaşım|reacties|评论|評論|阅读|閱讀|浏览|コメント|シェア|댓글|조회"
    r"|تعليق\w*|مشاهد\w*|نظر|bình luận)"
)
_COUNT = re.compile(rf"{_NUMBER}\s?{_COUNTED}\W*|{_COUNTED}\W{{0,3}}{_NUMBER}\W*")
_BARE = re.compile(
    r"\W{0,2}\d[\d.,]{0,7}\s?[km%+]?\W{0,2}"  # a counter
    # a clock
    r"|\W{0,2}\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:\s(?:[ap]\.?m\.?|uhr|[a-z]{2,4}))?\W{0,2}"
)
_RULES = (_BARE, _COUNT, _AGE, _READING)


def is_noise(line: str) -> bool:
    """Whether a line only counts: "5 minutes ago", "1.2K shares", "14:05"."""
    line = line.strip()
    if len(line) > _LONGEST:
        return False
    if not line:
        return True
    text = folded(line).casefold()
    if not re.search(r"\d", text):
        return not re.search(r"\w", text)
    if len(text.split()) > _WORDS:
        return False
    return any(rule.fullmatch(text) for rule in _RULES)
