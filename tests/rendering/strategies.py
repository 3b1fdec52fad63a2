"""Texts as people might write them, and worse, for property tests."""

from hypothesis import settings
from hypothesis import strategies as st

from scheduler.rendering.markdown import as_read
from scheduler.rendering.markup import Marked
from tests.rendering.support import ENTITIES

SIGNS = r"*_`~|[]()<>#@&!\{}+-=.:;,?/\"'$%^"
PIECES = (
    "a",
    "word",
    "Zoë",
    "e\u0301",
    "👨‍👩‍👧‍👦",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "क्षि",
    "日本語。",
    "「学校」",
    "3.5",
    "2*3*4",
    "x**2",
    "snake_case",
    "Dr.",
    "z. B.",
    "e.g.",
    "M.",
    "#Teaching",
    "#class_4b",
    "@ada@m.social",
    "@_ada_",
    "https://example.org/a_(b)?c=*d*",
    "school.ie",
    ":-)",
    "<3",
    ":tada:",
    "C:\\new",
    "\\*",
    "&amp;",
    "…",
    "1.",
    "> ",
    "- ",
    "# ",
    "## ",
    "```",
    "~~~",
    "`",
    "**",
    "*",
    "_",
    "~~",
    "[",
    "](",
    "](https://example.org/x)",
    "![",
    "<b>",
    "<script>",
    "<https://a.org>",
    "[1]",
    "\n[1]: https://example.org/1\n",
    "\u00a0",
    "\u200b",
    "\u202e",
    "\t",
    "    ",
)
ENDS = (" ", "\n", "\n\n", "", ". ", "! ", ", ", "? ")


thorough = settings(max_examples=400, deadline=None, derandomize=True)


def texts(most: int = 40) -> st.SearchStrategy[str]:
    """With everything that markup, names and sentences are made of."""
    anything = st.text(
        st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\0"), max_size=8
    )
    pieces = st.one_of(st.sampled_from(PIECES), st.text(SIGNS, max_size=4), anything)
    return st.lists(st.tuples(pieces, st.sampled_from(ENDS)), max_size=most).map(
        lambda found: "".join(map("".join, found)).strip()
    )


def read_texts() -> st.SearchStrategy[Marked]:
    return texts().map(lambda text: as_read(text, ENTITIES))
