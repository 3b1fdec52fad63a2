"""What a page says of itself, for the card of a link: whatever it is made of, it is bounded, clean, and kept."""

import json
import os
import time
from pathlib import Path

import pytest

from scheduler.calendar.model import LinkTo
from scheduler.rendering import render
from scheduler.rendering.cards import AGAIN, DESCRIPTION, KEPT, TITLE, Card, Cards, Page, card_of
from scheduler.rendering.media import Unfit
from scheduler.rendering.media.cache import DAY, UNUSED, sweep
from scheduler.rendering.templates import Templates
from tests.rendering.support import a_draft
from tests.support import an_image

URL = "https://example.org/term/"
FULL = """<!doctype html><html><head><meta charset="utf-8"><title>Autumn &amp; winter | Example</title>
<meta property="og:title" content="Autumn &amp; winter"><meta name="twitter:title" content="Not this">
<meta property="og:description" content="What we do
   together"><meta property=og:image content='/door.png'><meta property="og:image:alt" content="A door"></head><body><p>Hello</p></body></html>"""


def page(body: str | bytes, charset: str = "", type: str = "text/html", url: str = URL) -> Page:
    return Page(
        url=url, charset=charset, type=type, body=body if isinstance(body, bytes) else body.encode()
    )


@pytest.mark.parametrize(
    ("html", "card"),
    [
        (
            FULL,
            Card(
                title="Autumn & winter",
                description="What we do together",
                image="https://example.org/door.png",
                alt="A door",
            ),
        ),
        (
            "<TITLE>Only  a\ntitle</TITLE><META NAME=Description CONTENT=Words>",
            Card(title="Only a title", description="Words"),
        ),
        (
            "<meta name='twitter:title' content='T'><meta name='twitter:description' content='D'><meta name='twitter:image' content='//i.test/a.png'>",
            Card(title="T", description="D", image="https://i.test/a.png"),
        ),
        (
            "<base href='https://cdn.test/x/'><meta property='og:image' content='a.png'>",
            Card(image="https://cdn.test/x/a.png"),
        ),
        ("<meta property='og:title' content=''><title>Filled</title>", Card(title="Filled")),
        (
            "<meta property='og:title' content='First'><meta property='og:title' content='Second'>",
            Card(title="First"),
        ),
        (
            '<script>\'<meta property="og:title" content="decoy">\'</script><!-- <title>decoy</title> --><title>Real</title>',
            Card(title="Real"),
        ),
        ("<title>A &lt;b&gt; c</title>", Card(title="A <b> c")),
        (
            "<body>no head<meta property='og:title' content='In the body'>",
            Card(title="In the body"),
        ),
        ("<meta property='og:image' content='javascript:alert(1)'>", Card()),
        ("<meta property='og:image' content='data:image/png;base64,AAAA'>", Card()),
        ("<meta property='og:image' content='file:///etc/passwd'>", Card()),
        ("<meta property='og:title' content='cut off", Card()),
        ("", Card()),
    ],
)
def test_a_page_says_what_it_is_about(html: str, card: Card):
    assert card_of(page(html)) == card


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<title>Žluťoučký kůň</title>".encode(), ""),
        ("<title>Žluťoučký kůň</title>".encode("iso-8859-2"), "ISO-8859-2"),
        (b'<meta charset="windows-1250">' + "<title>Žluťoučký kůň</title>".encode("cp1250"), ""),
        (
            b'<meta http-equiv=content-type content="text/html; charset=iso-8859-2">'
            + "<title>Žluťoučký kůň</title>".encode("iso-8859-2"),
            "",
        ),
        ("<title>Žluťoučký kůň</title>".encode("utf-16"), ""),
        ("<title>Žluťoučký kůň</title>".encode("utf-8-sig"), "iso-8859-1"),
        ("<title>Žluťoučký kůň</title>".encode(), "utf-9"),
        ("<title>Žluťoučký kůň</title>".encode(), "punycode"),
        ("<title>Žluťoučký kůň</title>".encode(), "zip"),
        ("<title>Žluťoučký kůň</title>".encode() + "š".encode()[:1], ""),
    ],
)
def test_a_page_is_read_in_the_letters_it_is_written_in(body: bytes, charset: str):
    assert card_of(page(body, charset)).title == "Žluťoučký kůň"


def test_a_page_that_says_nothing_of_its_letters_may_be_an_old_one():
    assert card_of(page("<title>Grüße – 5 €</title>".encode("cp1252"))).title == "Grüße – 5 €"


def test_what_is_taken_is_one_line_without_what_steers_a_terminal_and_not_too_long():
    hidden = "Good\x1b]52;c;aGk=\x07 \u202enews\u202c \u200bof\ntoday " + "and more of it, " * 200

    card = card_of(
        page(
            f'<meta property="og:title" content="{hidden}"><meta property="og:description" content="{hidden}">'
        )
    )

    assert card.title.startswith("Good]52;c;aGk= news of today and more")
    assert card.title.endswith("and more…")
    assert (len(card.title) <= TITLE, len(card.description) <= DESCRIPTION) == (True, True)
    assert card.title.isprintable()


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<a x='",
        "<!--",
        "<title>",
        "<meta ",
        "<meta content=a>",
        "<script>",
        "<b><p>",
        "<a/",
        "&",
        "&a",
        "&a;",
        "&amp;",
        "<style></style>",
    ],
)
def test_no_page_keeps_us_busy(piece: str):
    """Twice the page takes about twice the time, on a slow machine too."""

    def taken(size: int) -> float:
        before = time.process_time()
        card_of(page(piece * (size // len(piece))))
        return time.process_time() - before

    assert taken(1_000_000) < 3 * taken(500_000) + 0.5


def test_what_is_no_page_has_no_card():
    with pytest.raises(Unfit, match=r"https://example\.org/term/ is application/pdf, not a page"):
        card_of(page(b"%PDF-1.7", type="application/pdf"))


class Web:
    """Pages and pictures, and what was asked of them."""

    def __init__(self, **there: bytes) -> None:
        self.there, self.asked = there, list[str]()

    def page(self, url: str) -> Page:
        return page(self.picture(url), url=url)

    def picture(self, url: str) -> bytes:
        self.asked.append(url)
        name = url.rstrip("/").rpartition("/")[2].partition(".")[0]
        if name not in self.there:
            raise Unfit("card-not-read", f"{url} cannot be read: example.org answers 404")
        return self.there[name]

    def cards(self, folder: Path, now: float = 1000.0) -> Cards:
        return Cards(folder=folder / "cards", read=self.page, fetch=self.picture, now=lambda: now)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(term=FULL.encode(), door=an_image(tmp_path).file.read_bytes())


def test_a_page_is_read_once_and_kept_with_its_picture(tmp_path: Path, web: Web):
    known = web.cards(tmp_path).of(URL)
    again = Cards(folder=tmp_path / "cards").of(URL)

    assert known == again
    assert (known.card.title, known.card.alt, known.lacks) == ("Autumn & winter", "A door", "")
    assert Path(known.card.image).read_bytes() == web.there["door"]
    assert web.asked == [URL, "https://example.org/door.png"]


def test_what_is_kept_is_read_again_when_it_is_old_but_not_for_a_post_that_is_due(
    tmp_path: Path, web: Web
):
    web.cards(tmp_path).of(URL)
    web.there["term"] = b"<title>Winter</title>"

    assert web.cards(tmp_path, now=1000 + KEPT).of(URL).card.title == "Autumn & winter"
    assert web.cards(tmp_path, now=1001 + KEPT).of(URL, is_due=True).card.title == "Autumn & winter"
    assert (
        Cards(folder=tmp_path / "cards", now=lambda: 1001 + KEPT).of(URL).card.title
        == "Autumn & winter"
    )
    assert web.cards(tmp_path, now=1001 + KEPT).of(URL).card.title == "Winter"


def test_a_card_that_is_needed_stays_and_one_that_nobody_has_needed_for_two_months_goes(
    tmp_path: Path, web: Web
):
    needed, other = web.cards(tmp_path).of(URL), "https://example.org/other/"
    web.there["other"] = b"<title>Another</title>"
    web.cards(tmp_path).of(other)
    long_ago = time.time() - UNUSED - DAY
    for file in (tmp_path / "cards").iterdir():
        os.utime(file, (long_ago, long_ago))

    assert Cards(folder=tmp_path / "cards").of(URL) == needed  # a calendar is read
    assert sweep(tmp_path / "cards", time.time()) == 1  # the note of the other one

    assert Cards(folder=tmp_path / "cards").of(URL) == needed
    with pytest.raises(Unfit, match="was not read yet"):
        Cards(folder=tmp_path / "cards").of(other)


def test_a_page_that_is_down_is_tried_again_in_an_hour_and_what_was_known_stays(
    tmp_path: Path, web: Web
):
    term = web.there.pop("term")
    down = web.cards(tmp_path).of(URL)
    assert (down.card, down.lacks) == (Card(), f"{URL} cannot be read: example.org answers 404")
    web.there["term"] = term
    assert web.cards(tmp_path, now=1000 + AGAIN).of(URL) == down

    up = web.cards(tmp_path, now=1001 + AGAIN).of(URL)
    del web.there["term"]
    down = web.cards(tmp_path, now=9999 + KEPT + AGAIN).of(URL)

    assert (up.card.title, down.card, down.lacks != "") == ("Autumn & winter", up.card, True)


@pytest.mark.parametrize("picture", [None, b"<svg/>", b""])
def test_a_picture_that_cannot_be_had_leaves_the_words(
    tmp_path: Path, web: Web, picture: bytes | None
):
    web.there.pop("door")
    web.there |= {"door": picture} if picture is not None else {}

    known = web.cards(tmp_path).of(URL)

    assert (known.card.title, known.card.image) == ("Autumn & winter", "")
    assert known.lacks.startswith("https://example.org/door.png ")


def test_without_leave_to_read_what_is_not_known_is_said_and_for_what_is_over_it_is_not(
    tmp_path: Path, web: Web
):
    cards = Cards(folder=tmp_path / "cards")

    with pytest.raises(Unfit, match="was not read yet"):
        cards.of(URL)
    assert (cards.of(URL, is_over=True).card, web.cards(tmp_path).of(URL, is_over=True).card) == (
        Card(),
        Card(),
    )
    assert web.asked == []


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '{"at": 1}',
        '{"at": 1, "card": {"image": "/nowhere"}}',
        '{"at": 1, "card": {"surprise": 1}}',
    ],
)
def test_a_note_that_is_damaged_is_made_anew(tmp_path: Path, web: Web, damage: str):
    web.cards(tmp_path).of(URL)
    [note] = (tmp_path / "cards").glob("*.json")
    note.write_text(damage)

    assert web.cards(tmp_path).of(URL).card.title == "Autumn & winter"
    assert json.loads(note.read_text())["card"]["title"] == "Autumn & winter"


@pytest.mark.parametrize(
    ("platform", "link", "shown"),
    [
        ("bluesky", LinkTo(url=URL), ("Autumn & winter", "What we do together", "A door")),
        ("linkedin", LinkTo(url=URL), ("Autumn & winter", "What we do together", "A door")),
        ("bluesky", LinkTo(url=URL, title="Mine"), ("Mine", "", "")),
        ("bluesky", LinkTo(url=URL, description="Mine"), ("", "Mine", "")),
    ],
)
def test_the_card_of_a_post_is_the_entrys_or_the_pages(
    tmp_path: Path, web: Web, platform: str, link: LinkTo, shown: tuple[str, str, str]
):
    draft = a_draft(platform, text="Look", link=link)

    [one] = render(
        draft,
        draft.account.platform.limits,
        Templates(()),
        cache=tmp_path,
        cards=web.cards(tmp_path).of,
    )

    assert one.problems == ()
    assert one.post.link is not None
    assert (
        one.post.link.title,
        one.post.link.description,
        one.post.link.image.alt if one.post.link.image else "",
    ) == shown
    assert web.asked == (
        [URL, "https://example.org/door.png"] if not link.title and not link.description else []
    )


def test_a_platform_that_makes_cards_itself_asks_for_none(tmp_path: Path, web: Web):
    draft = a_draft("mastodon", text="Look", link=LinkTo(url=URL))

    render(draft, draft.account.platform.limits, Templates(()), cards=web.cards(tmp_path).of)

    assert web.asked == []


def test_a_page_that_is_down_is_a_warning_at_the_link_and_the_post_has_what_is_known(
    tmp_path: Path,
):
    draft = a_draft("bluesky", {"link": 14}, text="Look", title="Our term", link=LinkTo(url=URL))

    [one] = render(
        draft, draft.account.platform.limits, Templates(()), cards=Web().cards(tmp_path).of
    )

    assert one.post.link is not None
    assert one.post.link.title == "Our term"
    assert [(problem.code, problem.severity, str(problem)) for problem in one.problems] == [
        (
            "card-not-read",
            "warning",
            f"calendar.yaml:14: launch-day: the card of {URL} lacks something: {URL} cannot be read: "
            "example.org answers 404; say it in the entry: `link: {url, title, description, image}`",
        )
    ]


def test_a_picture_that_does_not_fit_is_left_out_of_the_card(tmp_path: Path, web: Web):
    web.there["door"] = b"\x89PNG\r\n\x1a\n broken"
    draft = a_draft("bluesky", text="Look", link=LinkTo(url=URL))

    [one] = render(
        draft,
        draft.account.platform.limits,
        Templates(()),
        cache=tmp_path,
        cards=web.cards(tmp_path).of,
    )

    assert one.post.link is not None
    assert one.post.link.image is None
    assert [(problem.code, problem.severity) for problem in one.problems] == [
        ("card-not-read", "warning")
    ]
