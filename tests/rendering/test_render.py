"""A draft becomes deliveries: what stands in each, and what is said when it cannot go out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Poll
from scheduler.calendar.model import LinkTo, MediaFile, Part
from scheduler.problems import Place
from tests.rendering.support import BLUESKY, DUE, FEDIVERSE, PLAIN, SITE, a_draft, rendered, said
from tests.support import an_image

LINK = LinkTo(url="https://example.org/term", title="The term")
THERE = Place("calendar.yaml", 20)


def a_picture(folder: Path, name: str = "door.png", alt: str = "The school door") -> MediaFile:
    return MediaFile(file=an_image(folder, name).file, alt=alt, place=Place("calendar.yaml", 15))


def test_a_typed_text_goes_out_as_typed() -> None:
    [delivery] = rendered(a_draft(text="Hello {{ world }} **#Teaching**\n"))

    assert said(delivery) == []
    assert delivery.post.text == "Hello {{ world }} **#Teaching**"
    assert delivery.post.html == ""
    assert (delivery.key, delivery.part, delivery.after, delivery.due) == (a_draft().key(0), 0, None, DUE)
    assert (delivery.used, delivery.limit, delivery.unit) == (31, 500, "graphemes")
    assert delivery.post.language == "en-GB"


def test_a_blog_gets_html_beside_the_text() -> None:
    [delivery] = rendered(a_draft("site", text="Hello **you**", title="Hi"))

    assert (delivery.post.text, delivery.post.html, delivery.post.title) == ("Hello **you**", "<p>Hello <strong>you</strong></p>", "Hi")


def test_a_platform_without_titles_gets_none() -> None:
    assert rendered(a_draft(text="Hello", title="Hi"))[0].post.title == ""


@pytest.mark.parametrize(("text", "expected"), [
    ("Hello", "Hello\n\nhttps://example.org/term"),
    ("Read https://example.org/term now", "Read https://example.org/term now"),
    ("Read https://example.org/terms now", "Read https://example.org/terms now\n\nhttps://example.org/term"),
])
def test_a_link_stands_in_the_text_where_there_is_no_card(text: str, expected: str) -> None:
    [delivery] = rendered(a_draft(text=text, link=LINK))

    assert delivery.post.text == expected
    assert delivery.post.link is None
    assert LINK.url in [span.value for span in delivery.post.spans]


def test_a_link_has_a_card_where_there_are_cards() -> None:
    [delivery] = rendered(a_draft("bluesky", text="Hello", link=LINK, summary="All dates"))

    assert delivery.post.text == "Hello"
    assert delivery.post.link
    assert (delivery.post.link.url, delivery.post.link.title, delivery.post.link.description) == (LINK.url, "The term", "All dates")


def test_media_displace_the_card_and_the_link_moves_into_the_text(tmp_path: Path) -> None:
    [delivery] = rendered(a_draft("bluesky", text="Hello", link=LINK, media=(a_picture(tmp_path),)))

    assert delivery.post.link is None
    assert delivery.post.text == "Hello\n\nhttps://example.org/term"
    assert [media.alt for media in delivery.post.media] == ["The school door"]


def test_a_thread_becomes_deliveries_that_answer_each_other(tmp_path: Path) -> None:
    draft = a_draft(text="One", link=LINK, first_comment="Comment",
                    thread=(Part(text="Two", place=THERE), Part(text="Three", media=(a_picture(tmp_path),), place=THERE)))

    parts = rendered(draft)

    assert [part.post.text for part in parts] == ["One\n\nhttps://example.org/term", "Two", "Three", "Comment"]
    assert [part.part for part in parts] == [0, 1, 2, 3]
    assert [part.after for part in parts] == [None, *(part.key for part in parts[:-1])]
    assert [len(part.post.media) for part in parts] == [0, 0, 1, 0]
    assert {part.due for part in parts} == {DUE}


def test_a_thread_is_one_text_where_nothing_can_be_answered(tmp_path: Path) -> None:
    draft = a_draft("linkedin", text="One", first_comment="Comment", thread=(Part(text="Two", media=(a_picture(tmp_path),), place=THERE),))

    [delivery] = rendered(draft)

    assert delivery.post.text == "One\n\nTwo\n\nComment"
    assert len(delivery.post.media) == 1


def test_a_poll_is_asked_once_and_other_options_hold_for_the_whole_thread() -> None:
    options = {"poll": Poll(answers=("a", "b")), "visibility": "unlisted"}

    first, second = rendered(a_draft(text="One", options=options, thread=(Part(text="Two", place=THERE),)))

    assert first.post.options == options
    assert second.post.options == {"visibility": "unlisted"}


@pytest.mark.parametrize(("content", "message"), [
    ({"text": "x" * 512}, "calendar.yaml:12: launch-day: 512 of 500 characters on mastodon (fediverse); shorten it by 12"),
    ({"text": "x" * 490, "options": {"warning": "y" * 12}},
     "calendar.yaml:12: launch-day: 502 of 500 characters on mastodon (fediverse); shorten it by 2"),
    ({"text": "One", "thread": (Part(text="x" * 501, place=THERE),)},
     "calendar.yaml:20: launch-day: part 2: 501 of 500 characters on mastodon (fediverse); shorten it by 1"),
    ({"text": " \n"}, "calendar.yaml:12: launch-day: there is nothing to post on mastodon (fediverse); "
                      "give it a `text`, a `template` or `media`"),
    ({}, "calendar.yaml:12: launch-day: there is nothing to post on mastodon (fediverse); give it a `text`, a `template` or `media`"),
])
def test_what_cannot_go_out_is_said_with_the_remedy(content: dict[str, Any], message: str) -> None:
    assert said(*rendered(a_draft(lines={"text": 12}, **content))) == [message]


def test_a_text_with_too_many_bytes_is_too_long() -> None:
    [problem] = said(*rendered(a_draft("bluesky", text="👨‍👩‍👧‍👦" * 121)))

    assert problem == "calendar.yaml:10: launch-day: 3025 of 3000 bytes on bluesky (bluesky); shorten it by 25"


def test_a_title_can_be_too_long() -> None:
    [problem] = said(*rendered(a_draft("site", text="Hello", title="x" * 12, lines={"title": 13}), replace(SITE, title=10)))

    assert problem == "calendar.yaml:13: launch-day: the title has 12 of 10 characters on site (class-site); shorten it by 2"


def test_a_picture_alone_is_a_post(tmp_path: Path) -> None:
    assert said(*rendered(a_draft(media=(a_picture(tmp_path),)))) == []


def test_too_many_pictures_are_said(tmp_path: Path) -> None:
    pictures = tuple(a_picture(tmp_path, f"{number}.png") for number in range(5))

    assert said(*rendered(a_draft(text="Hello", media=pictures))) == [
        "calendar.yaml:15: launch-day: 5 pictures on mastodon (fediverse), where at most 4 are taken; leave out 1"]
    assert said(*rendered(a_draft(text="Hello", media=pictures[:1]), PLAIN)) == [
        "calendar.yaml:15: launch-day: 1 picture on mastodon (fediverse), where none is taken; leave out 1"]


def test_a_damaged_picture_is_said_at_its_line_and_the_rest_is_rendered(tmp_path: Path) -> None:
    picture = a_picture(tmp_path)
    picture.file.write_bytes(picture.file.read_bytes()[:60])

    [delivery] = rendered(a_draft(text="Hello", media=(picture,)))

    [problem] = said(delivery)
    assert problem.startswith("calendar.yaml:15: launch-day: door.png is damaged or not complete")
    assert (delivery.post.text, delivery.post.media) == ("Hello", ())


def test_an_alt_can_be_too_long(tmp_path: Path) -> None:
    [problem] = said(*rendered(a_draft(text="Hello", media=(a_picture(tmp_path, alt="x" * 1502),))))

    assert problem == "calendar.yaml:15: launch-day: the alt of door.png has 1502 of 1500 characters on mastodon (fediverse); shorten it by 2"


def test_a_card_has_its_picture_within_the_cards_limit(tmp_path: Path) -> None:
    link = replace(LINK, image=a_picture(tmp_path))

    [delivery] = rendered(a_draft("bluesky", text="Hello", link=link), replace(BLUESKY, card_image_bytes=1000))

    assert said(delivery) == []
    assert delivery.post.link
    assert delivery.post.link.image
    assert delivery.post.link.image.size <= 1000
    assert delivery.post.link.image.alt == "The school door"


def test_rendering_twice_gives_the_same() -> None:
    draft = a_draft(template="question", values={"question": "Why?"}, link=LINK)

    assert rendered(draft) == rendered(draft)
    assert FEDIVERSE.text
