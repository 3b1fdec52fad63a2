"""Wall-clock time -> instants: the hours that clocks skip and repeat, offsets, zones, 29 February, a calendar whose zone changes."""

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from platforms.base import Published
from scheduler.calendar.due import When, resolved
from scheduler.checking import Wrong
from scheduler.engine.planning import plan
from scheduler.problems import Invalid
from scheduler.store import Store


def at(written: str, zone: str) -> tuple[str, str, str | None]:
    """The instant in UTC, how the zone's clocks show it, and what is said."""
    due, note = When.read(written).due(time(9), ZoneInfo(zone))
    return f"{due.astimezone(UTC):%Y-%m-%d %H:%M:%S}", f"{due:%H:%M}", note


@pytest.mark.parametrize(
    ("written", "zone", "instant", "shown", "note"),
    [
        # spring skips an hour: the first moment that exists
        (
            "2026-03-29 01:00",
            "Europe/London",
            "2026-03-29 01:00:00",
            "02:00",
            "01:00 does not exist",
        ),
        (
            "2026-03-29 01:30",
            "Europe/London",
            "2026-03-29 01:00:00",
            "02:00",
            "01:30 does not exist",
        ),
        ("2026-03-29 02:00", "Europe/London", "2026-03-29 01:00:00", "02:00", None),
        ("2026-03-29 00:59", "Europe/London", "2026-03-29 00:59:00", "00:59", None),
        # autumn repeats one: the first of the two
        ("2026-10-25 01:30", "Europe/London", "2026-10-25 00:30:00", "01:30", "01:30 comes twice"),
        ("2026-10-25 00:59", "Europe/London", "2026-10-24 23:59:00", "00:59", None),
        ("2026-10-25 02:00", "Europe/London", "2026-10-25 02:00:00", "02:00", None),
        # half an hour, in the southern spring and autumn
        (
            "2026-10-04 02:10",
            "Australia/Lord_Howe",
            "2026-10-03 15:30:00",
            "02:30",
            "02:10 does not exist",
        ),
        (
            "2026-04-05 01:45",
            "Australia/Lord_Howe",
            "2026-04-04 14:45:00",
            "01:45",
            "01:45 comes twice",
        ),
        # summer time the year round, but for Ramadan
        (
            "2026-02-15 02:30",
            "Africa/Casablanca",
            "2026-02-15 01:30:00",
            "02:30",
            "02:30 comes twice",
        ),
        (
            "2026-03-22 02:30",
            "Africa/Casablanca",
            "2026-03-22 02:00:00",
            "03:00",
            "02:30 does not exist",
        ),
        # midnight itself is skipped
        (
            "2026-09-06 00:00",
            "America/Santiago",
            "2026-09-06 04:00:00",
            "01:00",
            "00:00 does not exist",
        ),
        # a whole day is skipped: Samoa crossed the date line
        (
            "2011-12-30 12:00",
            "Pacific/Apia",
            "2011-12-30 10:00:00",
            "00:00",
            "12:00 does not exist",
        ),
        # quarters of an hour, and no summer time
        ("2026-06-01 08:30", "Asia/Kathmandu", "2026-06-01 02:45:00", "08:30", None),
        # an offset is that instant, whatever the zone
        ("2026-03-29T01:30+00:00", "Europe/London", "2026-03-29 01:30:00", "02:30", None),
        ("2026-10-25T01:30+00:00", "Europe/London", "2026-10-25 01:30:00", "01:30", None),
        # a bare date at the account's own time, also on 29 February
        ("2028-02-29", "Europe/London", "2028-02-29 09:00:00", "09:00", None),
        ("2028-02-29 23:59:59", "America/Bogota", "2028-03-01 04:59:59", "23:59", None),
    ],
)
def test_a_wall_clock_time_is_one_instant(
    written: str, zone: str, instant: str, shown: str, note: str | None
) -> None:
    found = at(written, zone)

    assert found[:2] == (instant, shown)
    assert (found[2] or "").startswith(note or "")
    assert bool(found[2]) == bool(note)


def test_what_the_clock_change_decided_is_said_with_the_time_it_goes_out() -> None:
    assert (
        at("2026-03-29 01:30", "Europe/London")[2]
        == "01:30 does not exist on 2026-03-29 in Europe/London; it goes out at 02:00"
    )
    assert (
        at("2026-10-25 01:30", "Europe/London")[2]
        == "01:30 comes twice on 2026-10-25 in Europe/London; it goes out at the first"
    )


def test_every_minute_of_the_days_of_a_clock_change_comes_in_order_and_at_its_own_time() -> None:
    for zone, day in (
        ("Europe/London", (2026, 3, 29)),
        ("Europe/London", (2026, 10, 25)),
        ("Australia/Lord_Howe", (2026, 10, 4)),
        ("Africa/Casablanca", (2026, 2, 15)),
        ("America/St_Johns", (2026, 11, 1)),
    ):
        minutes = [datetime(*day, minute // 60, minute % 60) for minute in range(1440)]
        found = [resolved(local, ZoneInfo(zone)) for local in minutes]

        assert [due.astimezone(UTC) for due, _ in found] == sorted(
            due.astimezone(UTC) for due, _ in found
        )
        assert all(
            due.replace(tzinfo=None) == local
            for local, (due, note) in zip(minutes, found, strict=True)
            if not (note and "does not exist" in note)
        )


def test_a_29_february_of_a_common_year_is_an_error() -> None:
    with pytest.raises(Wrong, match=r"is no time: '2027-02-29' \(day is out of range for month\)"):
        When.read("2027-02-29")


# A calendar whose zone changes

NOW = datetime(2026, 9, 7, 12, tzinfo=UTC)
CONFIG = """\
timezone: {zone}
accounts: {{class-site: {{platform: site, folder: public}}}}
posts:
  - {{id: up, when: 2026-09-07 12:00, to: class-site, text: Up already}}
  - {{id: skipped, when: 2026-09-07 15:00, to: class-site, text: Too late by the new zone}}
  - {{id: asked, when: 2026-09-07 15:00, to: class-site, text: The same, late: ask}}
  - {{id: sent-late, when: 2026-09-07 15:00, to: class-site, text: The same, late: publish}}
  - {{id: waits, when: 2026-09-07 23:00, to: class-site, text: Later}}
  - {{id: own-zone, when: 2026-09-07 23:00, timezone: America/Bogota, to: class-site, text: Its own}}
  - {{id: offset, when: "2026-09-07T23:00+02:00", to: class-site, text: That instant}}
"""


def taken_up(folder: Path, store: Store, zone: str) -> dict[str, tuple[str, str]]:
    """Entry -> its status, and when it is due in UTC."""
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(zone=zone))
    store.plan(plan(config).deliveries, NOW)
    store.too_late(NOW)
    return {row.entry: (row.status, f"{row.due.astimezone(UTC):%H:%M}") for row in store.rows()}


def test_when_the_calendars_zone_changes_what_waits_moves_and_what_is_up_stays(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "store.db", NOW)
    before = taken_up(tmp_path, store, "Europe/London")
    assert before == {
        "up": ("scheduled", "11:00"),
        "skipped": ("scheduled", "14:00"),
        "asked": ("scheduled", "14:00"),
        "sent-late": ("scheduled", "14:00"),
        "waits": ("scheduled", "22:00"),
        "own-zone": ("scheduled", "04:00"),
        "offset": ("scheduled", "21:00"),
    }
    row = store.claim("class-site", "me", NOW)
    assert row
    store.published(row, Published(id="1"), NOW)

    after = taken_up(tmp_path, store, "Asia/Tokyo")

    assert after == {
        "up": ("published", "11:00"),
        "skipped": ("missed", "06:00"),
        "asked": ("held", "06:00"),
        "sent-late": ("scheduled", "06:00"),
        "waits": ("scheduled", "14:00"),
        "own-zone": ("scheduled", "04:00"),
        "offset": ("scheduled", "21:00"),
    }
    assert [one.text.partition(" on ")[0] for one in store.notices.untold()] == ["asked", "skipped"]
    assert [
        one.entry for one in store.rows() if one.next_at <= NOW and one.status == "scheduled"
    ] == ["sent-late"]


def test_a_zone_that_was_a_slip_of_the_pen_costs_nothing_once_mended(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db", NOW)
    before = taken_up(tmp_path, store, "Europe/London")
    taken_up(tmp_path, store, "Asia/Tokyo")

    assert taken_up(tmp_path, store, "Europe/London") == before
    assert store.notices.untold() != []  # what was told of the misses stays told


def test_a_zone_that_does_not_exist_changes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(zone="Europe/Lodon"))

    with pytest.raises(Invalid, match="is no time zone: 'Europe/Lodon'"):
        plan(config)
