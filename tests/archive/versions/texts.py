"""Small articles for tests, in several languages."""

from __future__ import annotations

from archive.model import Article
from archive.versions import Difference

ENGLISH = """\
The ministry said on Monday that 12 people died when a textile factory burned down in the north.
Workers said that the doors had been locked. The owner of the factory denied this on Tuesday.
Inspectors had visited the building twice in the year before. Their reports were never published."""

ARABIC = """\
وقالت الوزارة يوم الاثنين إن 12 شخصا لقوا حتفهم في حريق مصنع للنسيج شمال المدينة.
وقال العمال إن الأبواب كانت مغلقة من الخارج. ونفى صاحب المصنع ذلك."""

CHINESE = """\
部长周一表示，市北部一家纺织厂发生火灾，造成12人死亡。
工人们说，楼梯间的门从外面被锁上了。工厂老板否认了这一说法。"""

JAPANESE = """\
同省は月曜日、市北部の繊維工場の火災で12人が死亡したと発表した。
労働者らは扉が外から施錠されていたと話している。"""

THAI = """\
กระทรวงระบุเมื่อวันจันทร์ว่ามีผู้เสียชีวิต 12 คนจากเหตุไฟไหม้โรงงานทอผ้าทางตอนเหนือของเมือง
คนงานกล่าวว่าประตูถูกล็อกจากด้านนอก"""

HINDI = """\
मंत्रालय ने सोमवार को कहा कि शहर के उत्तर में एक कपड़ा कारखाने में आग लगने से 12 लोगों की मौत हो गई।
मज़दूरों ने कहा कि दरवाज़े बाहर से बंद थे।"""

RUSSIAN = """\
Министерство сообщило в понедельник, что при пожаре на текстильной фабрике погибли 12 человек.
Рабочие рассказали, что двери были заперты снаружи. Владелец фабрики это отрицает."""

TEXTS = {
    "en": ENGLISH,
    "ar": ARABIC,
    "zh": CHINESE,
    "ja": JAPANESE,
    "th": THAI,
    "hi": HINDI,
    "ru": RUSSIAN,
}


def of(text: str, title: str | None = "Fire", **fields: str | tuple[str, ...] | None) -> Article:
    """An article that has this text."""
    given = {"extraction_status": "ok", "quality": "article", **fields}
    return Article(text=text, title=title, **given)  # type: ignore[arg-type]  # as its fields are


def old_text(found: Difference) -> str:
    """The text that it was."""
    return "".join(span.old for row in found.paragraphs for span in row.spans)


def new_text(found: Difference) -> str:
    """The text that it is."""
    return "".join(span.new for row in found.paragraphs for span in row.spans)


def changed(found: Difference) -> list[tuple[str, str]]:
    """Kinds and words of what is not the same."""
    return [
        (span.kind, span.text.strip())
        for row in found.paragraphs
        for span in row.spans
        if span.kind != "same"
    ]
