"""Every shipped template, on short and long platforms, with what people write and with far too much of it."""

import re
from typing import Any

import pytest

from scheduler.calendar.model import LinkTo
from scheduler.rendering.templates import SHIPPED
from tests.rendering.support import PLATFORMS, a_draft, rendered, said

LINK = LinkTo(
    url="https://example.org/networking/autumn-2026?from=calendar", title="Networking for educators"
)
LONG = (
    "Teachers learn best from teachers, across schools and borders, when they share what worked and what did not. "
    * 120
).strip()
TAGS = ["professional learning", "edtech", "PLN", "international schools", "IB", "teacher voice"]
REALISTIC: dict[str, dict[str, Any]] = {
    "announcement": {
        "headline": "Our networking circle for educators starts again this autumn",
        "body": "Six meetings, online, each with one practical question. Bring what worked in your classroom, and what did not.",
        "action": "Sign up by Friday",
        "tags": TAGS,
    },
    "resource": {
        "name": "Top Tips for Successful Networking",
        "by": "Oxford University",
        "what": "A short checklist for anyone who finds the first sentence the hardest.",
        "why": "I gave it to two new colleagues before a conference; both came back with a partner school.",
        "audience": "teachers before their first conference",
        "tags": TAGS,
    },
    "question": {
        "question": "Which online community has changed something in your teaching?",
        "context": "I am putting together a list for colleagues who are new to the profession and do not know where to begin.",
        "mine": "A small group of science teachers on the fediverse: ten people, one question a week.",
        "tags": "pln, professional learning",
    },
    "event_reminder": {
        "event": "Open classroom: inquiry in Year 5",
        "starts": "2026-11-26 18:30",
        "place": "Library, or online",
        "about": "Three teachers show one lesson each, and what they would change.",
        "who": "anyone who teaches",
        "action": "Register by Monday",
        "tags": TAGS,
    },
    "event_follow_up": {
        "event": "Open classroom: inquiry in Year 5",
        "thanks": "everyone who came, and the library team for the room",
        "takeaways": [
            "Start with the pupils' own question",
            "Plan the ending first",
            "Ask a colleague to watch one thing",
        ],
        "next": "We meet again on 21 January.",
        "tags": TAGS,
    },
    "reflection": {
        "theme": "A network is built in small steps",
        "thought": "This week a colleague I have never met answered a question I had carried around for a year. All it took was to ask aloud.",
        "learned": ["Ask early", "Say what you have tried", "Thank people by name"],
        "next": "One question a week, on Mondays.",
        "question": "What do you ask your network?",
        "tags": TAGS,
    },
    "recommended_reading": {
        "work": "The 20 Best Social Networks For Teachers",
        "author": ["A. Reader", "B. Writer"],
        "why": "It compares where educators meet, and says plainly what each place is good for.",
        "quote": "The best network is the one you answer in.",
        "audience": "new mentors",
        "tags": TAGS,
    },
    "thank_you": {
        "who": ["the Year 5 team", "our librarian"],
        "reason": "opening your classrooms to forty visitors",
        "story": "Nobody had to be asked twice. We saw three lessons, and took home more than from any conference.",
        "tags": TAGS,
    },
}
NEEDED = {
    "announcement": ["headline"],
    "resource": ["name", "what"],
    "question": ["question"],
    "event_reminder": ["event", "starts"],
    "event_follow_up": ["event"],
    "reflection": ["theme", "thought"],
    "recommended_reading": ["work", "why"],
    "thank_you": ["who", "reason"],
}
EVERYWHERE = [(name, platform) for name in REALISTIC for platform in PLATFORMS]


def values(name: str, how: str) -> dict[str, Any]:
    """What people write; only what is required; far too much of everything."""
    written = REALISTIC[name]
    if how == "required":
        return {key: written[key] for key in NEEDED[name]}
    if how == "endless":
        return {
            key: value if key == "starts" else [LONG] * 9 if isinstance(value, list) else LONG
            for key, value in written.items()
        }
    return written


def test_every_template_in_the_folder_is_tried_here() -> None:
    assert {file.stem for file in SHIPPED.glob("[!_]*.j2")} == set(REALISTIC)


@pytest.mark.parametrize("how", ["realistic", "required", "endless"])
@pytest.mark.parametrize("link", [None, LINK], ids=["alone", "linked"])
@pytest.mark.parametrize(("name", "platform"), EVERYWHERE)
def test_a_shipped_template_fits_and_is_tidy(
    name: str, platform: str, link: LinkTo | None, how: str
) -> None:
    [delivery] = rendered(a_draft(platform, template=name, values=values(name, how), link=link))

    post = delivery.post
    assert said(delivery) == []
    assert post.text == post.text.strip()
    assert not re.search(r"[ \t]+$|\n{3}| {2}|None|<bound|\{\{", post.text, flags=re.MULTILINE)
    assert delivery.limit is None or delivery.used <= delivery.limit
    assert (
        post.link == link
        or link is None
        or link.url in post.text
        or (post.link and post.link.url == link.url)
    )


@pytest.mark.parametrize("name", sorted(REALISTIC))
def test_a_blog_gets_a_title_a_summary_and_no_hashtags(name: str) -> None:
    [delivery] = rendered(a_draft("site", template=name, values=REALISTIC[name], link=LINK))

    assert delivery.post.title
    assert 0 < len(delivery.post.summary) <= 165
    assert "\n" not in delivery.post.title + delivery.post.summary
    assert [span.value for span in delivery.post.spans if span.kind == "tag"] == []
    assert f'href="{LINK.url}"' in delivery.post.html


@pytest.mark.parametrize("name", sorted(REALISTIC))
def test_a_long_platform_says_more_than_a_short_one_and_ends_with_the_tags(name: str) -> None:
    [long] = rendered(a_draft("linkedin", template=name, values=REALISTIC[name]))
    [short] = rendered(a_draft("bluesky", template=name, values=REALISTIC[name]))

    assert long.used > short.used
    assert long.post.text.splitlines()[-1].startswith("#")
    assert sum(span.kind == "tag" for span in short.post.spans) <= 2
