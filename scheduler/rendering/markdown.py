"""Markdown to HTML that may be shown anywhere: what could run, load or restyle is taken out.

A line break is a line break: the same text goes out as it is typed elsewhere.
"""

from functools import cache
from typing import TYPE_CHECKING

from scheduler.rendering.finding import linkifier

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS = {"a", "p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "img"}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}


def as_html(text: str) -> str:
    import nh3

    return nh3.clean(_markdown().render(text), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None).strip()


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"linkify": True, "breaks": True}).enable("linkify")
    markdown.linkify = linkifier(addresses=True)
    return markdown
