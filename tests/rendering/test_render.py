"""A draft becomes deliveries: what stands in each, and what is said when it cannot go out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Limits, Link, Poll
from scheduler.calendar.model import LinkTo, MediaFile, Part
from scheduler.problems import Place
from scheduler.rendering import render
from scheduler.rendering.templates import Templates
from tests.rendering.media_corpus import a_video
from tests.rendering.support import BLUESKY, DUE, FEDIVERSE, PLAIN, SITE, a_draft, rendered, said
from tests.support import an_image

LINK = LinkTo(url="https://example.org/term", title="The term")
THERE = Place("calendar.yaml", 20)


def a_picture(folder: Path, name: str = "door.png", alt: str = "The school door") -> MediaFile:
    return MediaFile(file=an_image(folder, name).file, alt=alt, place=Place("calendar.yaml", 15))


def test_a_typed_text_goes_out_as_typed() -> None:
    [delivery] = rendered(a_draft(text="Hello {{ world }} 2*3 #Teaching\n"))

    assert said(delivery) == []
    assert delivery.post.text == "Hello {{ world }} 2*3 #Teaching"
    assert delivery.post.html == ""
    assert (delivery.key, delivery.part, delivery.after, delivery.due) == (
        a_draft().key(0),
        0,
        None,
        DUE,
    )
    assert (delivery.used, delivery.limit, delivery.unit) == (31, 500, "graphemes")
    assert delivery.post.language == "en-GB"


def test_a_blog_gets_html_beside_the_text() -> None:
    [delivery] = rendered(a_draft("site", text="Hello **you**", title="Hi"))

    assert (delivery.post.text, delivery.post.html, delivery.post.title) == (
        "Hello you",
        "<p>Hello <strong>you</strong></p>",
        "Hi",
    )


def test_markdown_is_read_and_marked_as_each_platform_does_it() -> None:
    text = "**Read** [the term](https://example.org/term)"

    there = [
        rendered(a_draft(text=text), replace(FEDIVERSE, markup=markup))[0].post
        for markup in ("", "links", "entities", "discord", "slack")
    ]

    assert [post.text for post in there] == [
        "Read the term (https://example.org/term)",
        *["Read the term"] * 4,
    ]
    assert [post.markup for post in there] == [
        "",
        "",
        "",
        "**Read** [the term](https://example.org/term)",
        "Read the term",
    ]
    assert [[span.kind for span in post.spans] for post in there] == [
        ["link"],
        ["link"],
        *[["bold", "link"]] * 3,
    ]


def test_a_text_without_markdown_goes_out_stars_and_all() -> None:
    [plain] = rendered(a_draft("site", text="**Hi**", markdown=False))
    draft = a_draft(text="**Hi**")
    [by_account] = rendered(replace(draft, account=replace(draft.account, markdown=False)))

    assert (plain.post.text, plain.post.html) == ("**Hi**", "")
    assert by_account.post.text == "**Hi**"


def test_a_link_that_words_stand_for_is_not_repeated() -> None:
    [delivery] = rendered(a_draft(text="Read [the term](https://example.org/term) now", link=LINK))

    assert delivery.post.text == "Read the term (https://example.org/term) now"


def test_what_discord_counts_is_the_text_with_its_markup() -> None:
    [delivery] = rendered(a_draft(text="**Hi** 2*3"), replace(PLAIN, text=13, markup="discord"))

    assert delivery.post.markup == "**Hi** 2\\*3"
    assert delivery.used == 11


def test_a_platform_without_titles_gets_none() -> None:
    assert rendered(a_draft(text="Hello", title="Hi"))[0].post.title == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello", "Hello\n\nhttps://example.org/term"),
        ("Read https://example.org/term now", "Read https://example.org/term now"),
        (
            "Read https://example.org/terms now",
            "Read https://example.org/terms now\n\nhttps://example.org/term",
        ),
    ],
)
def test_a_link_stands_in_the_text_where_there_is_no_card(text: str, expected: str) -> None:
    [delivery] = rendered(a_draft(text=text, link=LINK))

    assert delivery.post.text == expected
    assert delivery.post.link is None
    assert LINK.url in [span.value for span in delivery.post.spans]


def test_a_link_has_a_card_where_there_are_cards() -> None:
    [delivery] = rendered(a_draft("bluesky", text="Hello", link=LINK, summary="All dates"))

    assert delivery.post.text == "Hello"
    assert delivery.post.link
    assert (delivery.post.link.url, delivery.post.link.title, delivery.post.link.description) == (
        LINK.url,
        "The term",
        "All dates",
    )


def test_a_card_that_the_platform_makes_is_not_looked_up() -> None:
    def looked_up(url: str) -> Any:
        raise AssertionError("nobody needs that")

    limits = replace(BLUESKY, own_cards=False)

    (one,) = render(
        a_draft("bluesky", text="Look", link=LinkTo(url="https://example.org")),
        limits,
        Templates(()),
        cards=looked_up,
    )

    assert one.post.link == Link(url="https://example.org")


def test_media_displace_the_card_and_the_link_moves_into_the_text(tmp_path: Path) -> None:
    [delivery] = rendered(a_draft("bluesky", text="Hello", link=LINK, media=(a_picture(tmp_path),)))

    assert delivery.post.link is None
    assert delivery.post.text == "Hello\n\nhttps://example.org/term"
    assert [media.alt for media in delivery.post.media] == ["The school door"]


def test_a_thread_becomes_deliveries_that_answer_each_other(tmp_path: Path) -> None:
    draft = a_draft(
        text="One",
        link=LINK,
        first_comment="Comment",
        thread=(
            Part(text="Two", place=THERE),
            Part(text="Three", media=(a_picture(tmp_path),), place=THERE),
        ),
    )

    parts = rendered(draft)

    assert [part.post.text for part in parts] == [
        "One\n\nhttps://example.org/term",
        "Two",
        "Three",
        "Comment",
    ]
    assert [part.part for part in parts] == [0, 1, 2, 3]
    assert [part.after for part in parts] == [None, *(part.key for part in parts[:-1])]
    assert [len(part.post.media) for part in parts] == [0, 0, 1, 0]
    assert {part.due for part in parts} == {DUE}


def test_a_thread_is_one_text_where_nothing_can_be_answered(tmp_path: Path) -> None:
    draft = a_draft(
        "linkedin",
        text="One",
        first_comment="Comment",
        thread=(Part(text="Two", media=(a_picture(tmp_path),), place=THERE),),
    )

    [delivery] = rendered(draft)

    assert delivery.post.text == "One\n\nTwo\n\nComment"
    assert len(delivery.post.media) == 1


def test_a_poll_is_asked_once_and_other_options_hold_for_the_whole_thread() -> None:
    options = {"poll": Poll(answers=("a", "b")), "visibility": "unlisted"}

    first, second = rendered(
        a_draft(text="One", options=options, thread=(Part(text="Two", place=THERE),))
    )

    assert first.post.options == options
    assert second.post.options == {"visibility": "unlisted"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"text": "x" * 512},
            "calendar.yaml:12: launch-day: 512 of 500 characters on mastodon (fediverse); shorten it by 12",
        ),
        (
            {"text": "x" * 490, "options": {"warning": "y" * 12}},
            "calendar.yaml:12: launch-day: 502 of 500 characters on mastodon (fediverse); shorten it by 2",
        ),
        (
            {"text": "One", "thread": (Part(text="x" * 501, place=THERE),)},
            "calendar.yaml:20: launch-day: part 2: 501 of 500 characters on mastodon (fediverse); shorten it by 1",
        ),
        (
            {"text": " \n"},
            "calendar.yaml:12: launch-day: there is nothing to post on mastodon (fediverse); "
            "give it a `text`, a `template` or `media`",
        ),
        (
            {},
            "calendar.yaml:12: launch-day: there is nothing to post on mastodon (fediverse); give it a `text`, a `template` or `media`",
        ),
    ],
)
def test_what_cannot_go_out_is_said_with_the_remedy(content: dict[str, Any], message: str) -> None:
    assert said(*rendered(a_draft(lines={"text": 12}, **content))) == [message]


def test_a_text_with_too_many_bytes_is_too_long() -> None:
    [problem] = said(*rendered(a_draft("bluesky", text="👨‍👩‍👧‍👦" * 121)))

    assert (
        problem
        == "calendar.yaml:10: launch-day: 3025 of 3000 bytes on bluesky (bluesky); shorten it by 25"
    )


def words(number: int) -> str:
    """That many sentences of 47 characters, with the spaces between."""
    return " ".join(
        f"Sentence {place:02} tells of what we have learnt {'a' * 5}." for place in range(number)
    )


def test_a_text_that_is_too_long_is_shortened_where_that_is_wanted() -> None:
    [delivery] = rendered(a_draft(text=f"{words(20)}\n\n#Teaching", link=LINK, fit="shorten"))

    assert said(delivery) == []
    assert delivery.post.text.endswith(" aaaaa. …\n\n#Teaching\n\nhttps://example.org/term")
    assert delivery.used <= 500
    assert delivery.fitted == "shortened from 995"
    assert [span.value for span in delivery.post.spans] == ["Teaching", LINK.url]


def test_an_address_that_would_be_cut_off_is_put_after_what_is_left() -> None:
    [delivery] = rendered(
        a_draft(text=f"{words(12)} Read {LINK.url} for more. {words(2)}", link=LINK, fit="shorten")
    )

    assert said(delivery) == []
    assert delivery.post.text.endswith(f"…\n\n{LINK.url}")


def test_a_text_that_is_too_long_becomes_a_thread_where_that_is_wanted(tmp_path: Path) -> None:
    pictures = (
        a_picture(tmp_path, "first.png", alt="One"),
        a_picture(tmp_path, "last.png", alt="The last door"),
    )
    draft = a_draft(
        "bluesky",
        text=f"{words(9)} See The last door.",
        link=LINK,
        media=pictures,
        fit="numbered-thread",
        first_comment="Comment",
        thread=(Part(text="By hand", place=THERE),),
        options={"poll": {"answers": ["a", "b"]}},
    )

    parts = rendered(draft)

    assert said(*parts) == []
    assert [part.post.text[-6:] for part in parts] == [" (1/3)", " (2/3)", " (3/3)", "omment"]
    assert [part.key for part in parts] == [draft.key(number) for number in range(4)]
    assert [part.after for part in parts] == [None, *(part.key for part in parts[:-1])]
    assert [[media.alt for media in part.post.media] for part in parts] == [
        ["One"],
        ["The last door"],
        [],
        [],
    ]
    assert [part.fitted for part in parts] == ["split from 476"] * 2 + ["", ""]
    assert [bool(part.post.options) for part in parts] == [True, False, False, False]
    assert "".join(part.post.text for part in parts).count(LINK.url) == 1


def test_a_card_is_on_the_first_part_of_a_thread_alone() -> None:
    parts = rendered(a_draft("bluesky", text=words(9), link=LINK, fit="thread"))

    assert len(parts) == 2
    assert [part.post.link is not None for part in parts] == [True, False]


def test_the_account_says_what_becomes_of_long_texts_unless_the_entry_does() -> None:
    draft = a_draft(text=words(20))
    threads = replace(draft, account=replace(draft.account, fit="thread"))

    assert len(rendered(threads)) == 2
    assert len(rendered(replace(threads, content=replace(threads.content, fit="shorten")))) == 1


@pytest.mark.parametrize("fit", ["error", "thread", "numbered-thread"])
def test_where_nothing_can_be_answered_a_long_text_stays_too_long(fit: str) -> None:
    [problem] = said(*rendered(a_draft("linkedin", text=words(70), fit=fit)))

    assert problem.endswith("3359 of 3000 characters on linkedin (linkedin); shorten it by 359")


def test_a_word_that_is_too_long_is_said() -> None:
    for fit in ("shorten", "thread"):
        [problem] = said(*rendered(a_draft(text="x" * 501, fit=fit)))

        assert problem.endswith("501 of 500 characters on mastodon (fediverse); shorten it by 1")


def test_what_fits_is_left_as_it_is() -> None:
    for fit in ("shorten", "thread", "numbered-thread"):
        [delivery] = rendered(a_draft(text="x " * 249 + "xx", fit=fit))

        assert (delivery.used, delivery.fitted) == (500, "")


def test_a_template_has_all_the_room_where_its_text_may_become_a_thread() -> None:
    values = {"theme": "Small favours", "thought": words(25), "tags": ["teaching"]}

    parts = rendered(a_draft(template="reflection", values=values, fit="thread"))

    assert len(parts) == 3
    assert said(*parts) == []
    assert words(25)[-40:] in " ".join(part.post.text for part in parts)


def test_a_title_can_be_too_long() -> None:
    [problem] = said(
        *rendered(
            a_draft("site", text="Hello", title="x" * 12, lines={"title": 13}),
            replace(SITE, title=10),
        )
    )

    assert (
        problem
        == "calendar.yaml:13: launch-day: the title has 12 of 10 characters on site (class-site); shorten it by 2"
    )


def test_a_picture_alone_is_a_post(tmp_path: Path) -> None:
    assert said(*rendered(a_draft(media=(a_picture(tmp_path),)))) == []


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        (
            "image",
            "calendar.yaml:10: launch-day: mastodon takes no post without a picture; name one under `media`",
        ),
        (
            "media",
            "calendar.yaml:10: launch-day: mastodon takes no post without a picture or a video; name one under `media`",
        ),
    ],
)
def test_a_post_without_the_media_that_a_platform_needs_is_said_and_what_answers_it_needs_none(
    needs: str, message: str, tmp_path: Path
) -> None:
    limits = replace(FEDIVERSE, needs=needs)

    bare = rendered(a_draft(text="Look", first_comment="It was made in June"), limits)
    with_one = rendered(
        a_draft(text="Look", media=(a_picture(tmp_path),), first_comment="It was made in June"),
        limits,
    )

    assert [said(one) for one in bare] == [[message], []]
    assert said(*with_one) == []


def test_a_post_without_the_title_that_a_platform_needs_is_said() -> None:
    limits = replace(FEDIVERSE, title=100, needs_title=True)

    assert said(*rendered(a_draft(text="Look"), limits)) == [
        "calendar.yaml:10: launch-day: mastodon takes no post without a title; give it a `title`"
    ]
    assert said(*rendered(a_draft(text="Look", title="The door"), limits)) == []


def test_too_many_pictures_are_said(tmp_path: Path) -> None:
    pictures = tuple(a_picture(tmp_path, f"{number}.png") for number in range(5))

    assert said(*rendered(a_draft(text="Hello", media=pictures))) == [
        "calendar.yaml:15: launch-day: 5 pictures on mastodon (fediverse), where at most 4 are taken; leave out 1"
    ]
    assert said(*rendered(a_draft(text="Hello", media=pictures[:1]), PLAIN)) == [
        "calendar.yaml:15: launch-day: 1 picture on mastodon (fediverse), where none is taken; leave out 1"
    ]


def test_a_video_beside_pictures_is_said_at_its_line_where_videos_stand_alone(
    tmp_path: Path,
) -> None:
    film = MediaFile(
        file=a_video(tmp_path / "film.mp4"), alt="We dance", place=Place("calendar.yaml", 17)
    )
    limits = replace(FEDIVERSE, videos=1, videos_alone=True)

    def errors(limits: Limits, *media: MediaFile, thread: tuple[Part, ...] = ()) -> list[str]:
        return [
            str(error)
            for one in rendered(a_draft(text="Hello", media=media, thread=thread), limits)
            for error in one.errors
        ]

    assert errors(limits, a_picture(tmp_path), film) == [
        "calendar.yaml:17: launch-day: film.mp4 is a video beside 1 picture on mastodon (fediverse), where a video stands alone; leave out one or "
        "the other, or give the video a part of its own in `thread`"
    ]
    assert (
        errors(limits, film, thread=(Part(text="Two", media=(a_picture(tmp_path),), place=THERE),))
        == []
    )
    assert errors(replace(limits, videos_alone=False), a_picture(tmp_path), film) == []


def test_a_damaged_picture_is_said_at_its_line_and_the_rest_is_rendered(tmp_path: Path) -> None:
    picture = a_picture(tmp_path)
    picture.file.write_bytes(picture.file.read_bytes()[:60])

    [delivery] = rendered(a_draft(text="Hello", media=(picture,)))

    [problem] = said(delivery)
    assert problem.startswith("calendar.yaml:15: launch-day: door.png is damaged or not complete")
    assert (delivery.post.text, delivery.post.media) == ("Hello", ())


def test_where_media_have_no_alt_none_is_too_long(tmp_path: Path) -> None:
    draft = a_draft(text="Our door", media=(a_picture(tmp_path),))

    assert said(*rendered(draft, replace(FEDIVERSE, alt=0))) == []


def test_a_text_that_goes_with_media_may_have_a_limit_of_its_own(tmp_path: Path) -> None:
    limits = replace(FEDIVERSE, text=40, text_with_media=20)
    text = "Look at our new door, all of you"

    [alone] = rendered(a_draft(text=text), limits)
    [beside] = rendered(a_draft(text=text, media=(a_picture(tmp_path),)), limits)

    assert (alone.limit, said(alone)) == (40, [])
    assert said(beside) == [
        "calendar.yaml:10: launch-day: 32 of 20 characters on mastodon (fediverse); shorten it by 12"
    ]


def test_an_alt_can_be_too_long(tmp_path: Path) -> None:
    [problem] = said(*rendered(a_draft(text="Hello", media=(a_picture(tmp_path, alt="x" * 1502),))))

    assert (
        problem
        == "calendar.yaml:15: launch-day: the alt of door.png has 1502 of 1500 characters on mastodon (fediverse); shorten it by 2"
    )


def test_a_card_has_its_picture_within_the_cards_limit(tmp_path: Path) -> None:
    link = replace(LINK, image=a_picture(tmp_path))

    [delivery] = rendered(
        a_draft("bluesky", text="Hello", link=link), replace(BLUESKY, card_image_bytes=1000)
    )

    assert said(delivery) == []
    assert delivery.post.link
    assert delivery.post.link.image
    assert delivery.post.link.image.size <= 1000
    assert delivery.post.link.image.alt == "The school door"


def test_rendering_twice_gives_the_same() -> None:
    draft = a_draft(template="question", values={"question": "Why?"}, link=LINK)

    assert rendered(draft) == rendered(draft)
    assert FEDIVERSE.text
