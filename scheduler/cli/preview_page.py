"""A preview as one page of HTML: it needs no other file, no script and no network, in light and dark."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby

from platforms.base import Link, Media
from scheduler.calendar.model import Delivery
from scheduler.cli.output import harmless
from scheduler.cli.preview import NEARLY, Preview
from scheduler.problems import Problem

THUMBNAIL = (640, 480)  # pixels, at most
STYLE = """
:root { color-scheme: light dark; --paper: #f6f5f2; --card: #fff; --ink: #22252a; --faint: #696e77; --line: #dedbd4; --accent: #1c6a75;
  --good: #2b7d4f; --near: #a86500; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #16181b; --card: #1f2226; --ink: #e7e6e3; --faint: #9aa0a8; --line: #34383e;
  --accent: #6fc3cf; --good: #6cc394; --near: #e3aa4c; --bad: #f2857b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 76rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 2.5rem 0 .9rem; padding-bottom: .35rem; border-bottom: 1px solid var(--line); }
.summary { margin: .2rem 0 0; color: var(--faint); }
.day { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1.1rem; align-items: start; }
article { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; padding: 1rem 1.1rem; min-width: 0; }
.past { opacity: .72; }
header { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; margin-bottom: .7rem; font-size: .88rem; color: var(--faint); }
header b { color: var(--accent); font-size: 1rem; }
header time { font-weight: 600; color: var(--ink); }
header .entry { margin-left: auto; }
.part { border-top: 1px dashed var(--line); margin-top: .9rem; padding-top: .7rem; }
.part > small { color: var(--faint); }
h3 { margin: 0 0 .3rem; font-size: 1.1rem; line-height: 1.3; }
.said { white-space: pre-line; }
.as-html > :first-child { margin-top: 0; } .as-html > :last-child { margin-bottom: 0; }
.faint { color: var(--faint); font-size: .88rem; }
figure { margin: .8rem 0 0; } figure img { display: block; max-width: 100%; height: auto; border-radius: .45rem; }
figcaption { font-size: .85rem; margin-top: .3rem; color: var(--faint); }
.card { border: 1px solid var(--line); border-left: 3px solid var(--accent); border-radius: .45rem; padding: .55rem .8rem; margin-top: .8rem; }
.card strong, .card span { display: block; } .card span { font-size: .85rem; color: var(--faint); }
.poll { list-style: none; padding: 0; margin: .7rem 0 0; } .poll li { border: 1px solid var(--line); border-radius: .4rem;
  padding: .25rem .7rem; margin-top: .3rem; }
.length { display: flex; align-items: center; gap: .6rem; margin-top: .8rem; font-size: .82rem; color: var(--faint); }
.length i { flex: 0 0 6rem; height: .3rem; border-radius: .2rem; overflow: hidden; background: var(--line); }
.length i::before { content: ""; display: block; height: 100%; width: var(--share); background: var(--colour); }
.good { --colour: var(--good); } .near { --colour: var(--near); } .over { --colour: var(--bad); color: var(--bad); font-weight: 600; }
.problem { margin: .7rem 0 0; padding: .45rem .75rem; border-left: 3px solid var(--bad); font-size: .88rem; }
.problem.warning { border-color: var(--near); }
code, pre { font: .8rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details { margin-top: .8rem; font-size: .85rem; } summary { cursor: pointer; color: var(--accent); }
pre { white-space: pre-wrap; border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .7rem; max-height: 24rem; overflow: auto; }
"""


def page(preview: Preview) -> str:
    days = "".join(
        _day(preview, list(group))
        for _, group in groupby(preview.deliveries, key=lambda one: one.due.date())
    )
    title = escape(f"Preview of {preview.plan.config.path.name}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        # the page shows what others wrote: it may load nothing and run nothing
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>"
        f'<p class="summary">{escape(preview.summary)}; times are {escape(preview.plan.config.timezone.key)}</p>'
        f"{''.join(map(_problem, preview.elsewhere))}{days}</body></html>\n"
    )


def _day(preview: Preview, deliveries: list[Delivery]) -> str:
    day = deliveries[0].due
    chains = groupby(deliveries, key=lambda one: (one.entry, one.account, one.due))
    shown = "\n".join(_chain(preview, list(group)) for _, group in chains)
    return f'\n<h2>{day:%A} {day.day} {day:%B %Y}</h2><div class="day">\n{shown}</div>'


def _chain(preview: Preview, parts: list[Delivery]) -> str:
    one = parts[0]
    past = ' class="past"' if one.due < preview.now else ""
    return (
        f'<article{past}><header><time datetime="{one.due.isoformat()}">{one.due:%H:%M %Z}</time><b>{escape(one.account)}</b>'
        f'<span>{escape(one.platform)}</span><span class="entry">{escape(one.entry)}</span></header>'
        + "".join(_part(preview, part, len(parts)) for part in parts)
        + "</article>"
    )


def _part(preview: Preview, one: Delivery, parts: int) -> str:
    return (
        (f'<div class="part"><small>{one.part + 1} of {parts}</small>' if one.part else "<div>")
        + "".join(_content(preview, one))
        + _length(one)
        + "".join(map(_problem, one.problems))
        + "".join(_requests((preview.requests or {}).get(one.key, [])))
        + "</div>"
    )


def _content(preview: Preview, one: Delivery) -> Iterator[str]:
    post = one.post
    language = f' lang="{escape(post.language)}"'
    if post.title:
        yield f"<h3{language}>{_text(post.title)}</h3>"
    if summary := preview.summary_of(one):
        yield f'<p class="faint"{language}>{_text(summary)}</p>'
    if post.html:
        yield f'<div class="as-html"{language}>{post.html}</div>'  # sanitised where it was rendered
    elif post.text:
        yield f'<div class="said" dir="auto"{language}>{_text(post.text)}</div>'
    yield from (
        _option(name, value) for name, value in post.options.items() if value not in (None, "")
    )
    if post.link:
        yield _card(post.link)
    yield from (
        _picture(media, preview.file(one, media), preview.alt(one, media)) for media in post.media
    )


def _text(text: str) -> str:
    return escape(harmless(text))


def _option(name: str, value: object) -> str:
    if isinstance(value, Mapping) and "answers" in value:
        answers = "".join(f"<li>{_text(str(answer))}</li>" for answer in value["answers"])
        return f'<ul class="poll">{answers}</ul><div class="faint">for {value.get("hours")} hours</div>'
    return f'<div class="faint">{escape(name.replace("_", " "))}: {_text(str(value))}</div>'


def _card(link: Link) -> str:
    return f'<div class="card"><strong>{_text(link.title or link.url)}</strong>{_text(link.description)}<span>{_text(link.url)}</span></div>'


def _picture(media: Media, file: str, alt: str) -> str:
    size = f"{media.width} × {media.height}, " if media.width else ""
    image = (
        f'<img src="{_thumbnail(media)}" alt="{escape(media.alt)}">'
        if media.type.startswith("image/")
        else ""
    )
    return (
        f"<figure>{image}<figcaption>{_text(alt)}<br><code>{escape(file)}</code> "
        f"{size}{max(1, round(media.size / 1000)):,} kB</figcaption></figure>"
    )


def _thumbnail(media: Media) -> str:
    from scheduler.rendering.media import thumbnail

    return f"data:image/webp;base64,{b64encode(thumbnail(media.file, THUMBNAIL)).decode()}"


def _length(one: Delivery) -> str:
    if not one.limit:
        return f'<div class="length">{one.used:,} {escape(one.unit)}</div>'
    share = one.used / one.limit
    kind = "over" if share > 1 else "near" if share >= NEARLY else "good"
    said = escape(", ".join(filter(None, (f"{one.used}/{one.limit} {one.unit}", one.fitted))))
    return f'<div class="length {kind}" style="--share: {min(share, 1):.0%}"><i></i>{said}</div>'


def _problem(problem: Problem) -> str:
    return f'<p class="problem {escape(problem.severity)}"><code>{escape(str(problem.place))}</code> {_text(problem.message)}</p>'


def _requests(requests: list[dict[str, object]]) -> Iterator[str]:
    for number, request in enumerate(requests, 1):
        headers = request["headers"]
        head = (
            "".join(f"{name}: {value}\n" for name, value in headers.items())
            if isinstance(headers, Mapping)
            else ""
        )
        whole = f"{request['method']} {request['url']}\n{head}\n{request['body']}"
        yield f"<details><summary>{number} {escape(str(request['step']))}</summary><pre>{_text(whole)}</pre></details>"
