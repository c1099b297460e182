"""What a page can hold to make a browser ask a foreign host for something.

`BAIT` stands for the host and `PATH` for an address there.
"""

from __future__ import annotations

from typing import Any

from tests.archive.web.replay.staging import HTML
from tests.exchanges import response

HOST = "bait.example"
BAIT = f"http://{HOST}/x"
XMLNS = 'xmlns="http://www.w3.org/1999/xhtml"'
XHTML = b"Content-Type: application/xhtml+xml"
JAPANESE = b"Content-Type: text/html; charset=iso-2022-jp"

WRITTEN = {
    "a frame": f'<iframe src="{BAIT}"></iframe>',
    "a frame over https": f'<iframe src="https://{HOST}/x"></iframe>',
    "a frame in capitals": f"<IFRAME/x=1 SRC={BAIT}></IFRAME>",
    "a frame behind a quote in a comment": (
        f"""<!-- <iframe x=" --><iframe src="{BAIT}"></iframe><!-- " src=1 -->"""
    ),
    "a lazy frame": f'<iframe loading=lazy src="{BAIT}"></iframe>',
    "a frame set": f"<frameset rows=*><frame src={BAIT}></frameset>",
    "a boxed frame": f'<iframe sandbox src="{BAIT}"></iframe>',
    "a frame of data": f"<iframe src='data:text/html,<img src={BAIT}>'></iframe>",
    "a page that goes elsewhere": f'<meta http-equiv=refresh content="0; url={BAIT}">',
    "a picture in a frame of its own": f"<iframe srcdoc='<img src={BAIT}>'></iframe>",
    "a picture in a boxed frame": f"<iframe sandbox srcdoc='<img src={BAIT}>'></iframe>",
    "a picture in a boxed frame, without spaces": (
        f"<iframe/sandbox/SrcDoc='<img src={BAIT}>'></iframe>"
    ),
    "something for later": f"<link rel=prefetch href={BAIT}>",
    "something for soon": f"<link rel=preload as=image href={BAIT}>",
    "a style": f"<link rel=stylesheet href={BAIT}>",
    "an import of a style": f"<style>@import '{BAIT}';</style>",
    "a font": f"<style>@font-face {{ font-family: f; src: url({BAIT}) }}</style>"
    "<p style='font-family: f'>x",
    "a picture": f"<img src={BAIT}>",
    "a picture over https": f"<img src=https://{HOST}/x>",
    "one of several pictures": f"<img srcset='{BAIT} 1x, {BAIT}2 2x'>",
    "a film": f"<video src={BAIT} poster={BAIT}2 autoplay></video>",
    "a sound": f"<audio src={BAIT} autoplay></audio>",
    "a picture in a drawing": f"<svg><image href={BAIT} width=9 height=9 /></svg>",
    "a button": f"<input type=image src={BAIT}>",
    "a background": f"<table background={BAIT}><tr><td>x</table>",
    "an object": f"<object data={BAIT} type=text/html></object>",
    "an object over https": f"<object data=https://{HOST}/x type=text/html></object>",
    "something embedded": f"<embed src=https://{HOST}/x type=text/html>",
    "a script": f"<script src={BAIT}></script>",
    "a script in the page": f"<script>new Image().src = '{BAIT}'</script>",
    "a script in an attribute": f"""<img src=data: onerror="new Image().src='{BAIT}'">""",
    "another base": f"<base href=http://{HOST}/><img src=x>",
    "another base for frames": f"<base href=http://{HOST}/><iframe src=x></iframe>",
}
"""HTML in UTF-8, by what it is."""

RESPONSES = {
    **{name: response(f"<!doctype html>{body}".encode(), HTML) for name, body in WRITTEN.items()},
    "a boxed frame in UTF-16": response(
        f"\ufeff<!doctype html><iframe sandbox srcdoc='<img src={BAIT}>'></iframe>".encode(
            "utf-16-le"
        ),
        HTML,
    ),
    "a boxed frame in Japanese": response(
        f"<!doctype html><iframe sandbox src\x1b(Bdoc='<img src={BAIT}>'></iframe>".encode(),
        JAPANESE,
    ),
    "a boxed frame in an entity": response(
        (
            "<!DOCTYPE html [<!ENTITY e \"<iframe sandbox='' s&#114;cdoc='&#38;lt;img src="
            f"&#38;quot;{BAIT}&#38;quot;&#38;gt;'></iframe>\">]>"
            f"<html {XMLNS}><body>&e;</body></html>"
        ).encode(),
        XHTML,
    ),
    "a picture in XHTML": response(
        f'<html {XMLNS}><body><img src="{BAIT}" /></body></html>'.encode(),
        XHTML,
    ),
}
"""Whole responses, by what they hold: what follows without anybody's doing."""

CONNECTING = (
    f"<link rel=preconnect href=http://{HOST}>"
    f"<link =x title='>' rel='x pre&#99;onnect' href=http://{HOST}>"
    f"<link rel='dns-prefetch preconnect' href=https://{HOST}>"
    f"<iframe src=https://{HOST}/></iframe><object data=https://{HOST}/></object>"
)
"""HTML that makes a browser open connections, whether it then asks for something or not."""

CLICKED: dict[str, tuple[str, dict[str, Any]]] = {
    "a link": (f"<a href={BAIT}>click</a>", {}),
    "a link to another window": (f"<a target=_blank href={BAIT}>click</a>", {}),
    "a link to the whole window": (f"<a target=_top href={BAIT}>click</a>", {}),
    "a link to the window above": (f"<a target=_parent href={BAIT}>click</a>", {}),
    "a link where another base is": (
        f"<base href=http://{HOST} target=_top><a href=x>click</a>",
        {},
    ),
    "a link with a new tab": (f"<a href={BAIT}>click</a>", {"modifiers": ["Control"]}),
    "a link by the middle button": (f"<a href={BAIT}>click</a>", {"button": "middle"}),
    "a link that is told elsewhere": (f"<a ping={BAIT} href=#x>click</a>", {}),
    "a link in a drawing": (
        f"<svg width=99 height=99><a href={BAIT}><text y=50>click</text></a></svg>",
        {},
    ),
    "a link to be saved": (f"<a download href={BAIT}>click</a>", {}),
    "a form": (f"<form action={BAIT}><button>click</button></form>", {}),
    "a form that posts": (f"<form method=post action={BAIT}><button>click</button></form>", {}),
    "a form of a button": (
        f"<form><button formaction={BAIT} formtarget=_top>click</button></form>",
        {},
    ),
    "a link in a shadow": (
        f"<div><template shadowrootmode=open><a href={BAIT}>click</a></template></div>",
        {},
    ),
    "a link in a shadow, with a new tab": (
        f"<div><template shadowrootmode=open><a href={BAIT}>click</a></template></div>",
        {"modifiers": ["Control"]},
    ),
    "a link that is set elsewhere": (
        f"<svg width=99 height=99><a href=#x><set attributeName=href to={BAIT} /><text y=50>click",
        {},
    ),
    "a link that moves elsewhere, by the middle button": (
        f"<svg><a href=#x><animate attributeName=href values={BAIT} dur=99s /><text y=50>click",
        {"button": "middle"},
    ),
    "a script in a link": (f"""<a href="javascript:location='{BAIT}'">click</a>""", {}),
}
"""HTML and how it is clicked, by what it is."""
