"""The calendar of the campaign says what readers shall see, also when things get other names."""

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from benchmarks.proof.calendar import Calendar
from benchmarks.proof.places import Place

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


def a_calendar(folder: Path, posts: int = 40) -> Calendar:
    place = Place(
        name="snac",
        accounts=2,
        settings={"platform": "mastodon"},
        seen=list,
        threads=True,
        options=({"visibility": "unlisted"},),
    )
    calendar = Calendar(folder, "word0d", {"snac": place}, random.Random("1"))
    for number in range(posts):
        calendar.add(1, NOW + timedelta(minutes=number))
    return calendar


def written(calendar: Calendar) -> dict[str, dict[str, Any]]:
    return {post["id"]: post for post in yaml.safe_load(calendar.posts_file.read_text())}


def test_every_word_is_in_the_calendar_as_often_as_it_is_intended(tmp_path: Path):
    calendar = a_calendar(tmp_path)

    posts = written(calendar).values()
    said = [text for post in posts for text in (post["text"], *post.get("thread", []))]
    words = [one.word for one in calendar.intended]
    assert len(words) > len(set(words)) > 1  # some are said twice
    assert Counter(re.findall(r"word\w+", " ".join(said))) == Counter(words)


def test_texts_that_are_said_twice_are_due_at_two_times(tmp_path: Path):
    due = [(one.word, one.due) for one in a_calendar(tmp_path).intended]

    assert len(due) == len(set(due))


def test_posts_go_to_both_accounts_with_the_options_of_the_platform(tmp_path: Path):
    posts = written(a_calendar(tmp_path)).values()

    assert {str(post["to"]) for post in posts} == {"['snac']", "['snac-2']"}
    assert {str(post["mastodon"]) for post in posts} == {"{'visibility': 'unlisted'}"}


def test_what_gets_another_name_is_intended_under_that(tmp_path: Path):
    calendar = a_calendar(tmp_path)

    calendar.rename_entry(calendar.posts[0], "other")
    calendar.rename_account("snac", "school")
    calendar.write()

    assert "other" in written(calendar)
    assert "school" in yaml.safe_load(calendar.config.read_text())["accounts"]
    planned = {(name, *post["to"]) for name, post in written(calendar).items()}
    assert {(one.entry, one.account) for one in calendar.intended} == planned


def test_what_is_removed_stands_in_the_calendar_no_more_and_is_counted_apart(tmp_path: Path):
    calendar = a_calendar(tmp_path)

    calendar.remove(calendar.posts[3])
    calendar.write()

    assert "word0d-3" not in written(calendar)
    assert {one.entry for one in calendar.intended if one.removed} == {"word0d-3"}


def test_a_folder_that_is_away_is_not_made_again(tmp_path: Path):
    calendar = a_calendar(tmp_path)
    calendar.posts_file.parent.rename(tmp_path / "elsewhere")
    calendar.is_away = True

    calendar.add(1, NOW)

    assert not calendar.posts_file.parent.exists()
