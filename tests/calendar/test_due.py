"""Wall-clock time -> instants: the hours that clocks skip and repeat, offsets, zones, 29 February, a calendar whose zone changes."""

import re
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

import scheduler
from platforms.base import Published
from scheduler.calendar.due import When, resolved
from scheduler.checking import Wrong, seconds, zone_warning
from scheduler.checking import zone as read_zone
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


# What is accepted is what a person reads


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("2027-01-14 09.30", "write 2027-01-14 09:30"),
        ("2027-01-14 17.15", "write 2027-01-14 17:15"),
        ("2027-01-14 9,30", "write 2027-01-14 09:30"),
        ("2027-01-14T17h15", "write 2027-01-14 17:15"),
        ("2027-01-14 14-05", "a time looks like 2026-09-07 08:30"),
        ("2027-01-14-08:30", "a time looks like 2026-09-07 08:30"),
        ("2027-01-14 08:30+15:00", "no place has the offset +15:00"),
        ("2027-01-14 08:30+01:07", "no place has the offset +01:07"),
        ("2027-01-14 09:00-10:30", "write 2027-01-14 09:00 for its start"),
        ("2027-01-14 24:00", "a time looks like 2026-09-07 08:30"),
        ("2027-01-14 17", "a time looks like 2026-09-07 08:30"),
        ("2027-01-14 2561", "there is no such time of day"),
        ("٢٠٢٧-٠١-١٤", "a time looks like 2026-09-07 08:30"),
    ],
)
def test_a_time_that_can_be_read_in_two_ways_is_an_error_that_says_what_to_write(
    written: str, right: str
) -> None:
    with pytest.raises(Wrong) as raised:
        When.read(written)

    assert f"is no time: '{written}'" in str(raised.value)
    assert right in str(raised.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-8 9:30", datetime(2026, 12, 8, 9, 30)),
        ("2026-9-7\t18:05", datetime(2026, 9, 7, 18, 5)),
        ("2026-12-08T0930", datetime(2026, 12, 8, 9, 30)),
        ("2026-12-08t09:30:15z", datetime(2026, 12, 8, 9, 30, 15, tzinfo=UTC)),
        ("2026-12-08 09:30 +00:00", datetime(2026, 12, 8, 9, 30, tzinfo=UTC)),
        ("2026-12-08T09:00-10:00", datetime(2026, 12, 8, 19, 0, tzinfo=UTC)),
        ("2026-12-08 09:00-05:00", datetime(2026, 12, 8, 14, 0, tzinfo=UTC)),
        ("2026-12-08 08:30:15.250", datetime(2026, 12, 8, 8, 30, 15, 250_000)),
    ],
)
def test_a_time_that_can_be_read_in_one_way_is_taken(written: str, meant: datetime) -> None:
    assert When.read(written).written == meant


A_PIECE = some.sampled_from(["-", ":", ".", ",", " ", "T", "+", "h", "Z", "0"])
DIGITS = some.integers(0, 99).flatmap(
    lambda number: some.sampled_from([f"{number:02}", f"{number}"])
)


TAIL = some.lists(some.one_of(A_PIECE, DIGITS), max_size=5).map("".join)


@given(rest=some.tuples(DIGITS, A_PIECE, DIGITS, TAIL).map("".join))
def test_whatever_is_accepted_has_the_hour_and_the_minute_that_stand_there(rest: str) -> None:
    try:
        found = When.read(f"2027-01-14 {rest}").written
    except Wrong:
        return

    assume(isinstance(found, datetime))
    assert isinstance(found, datetime)
    figures = re.findall(r"[0-9]{1,2}", re.split(r"[+Z-]", rest.strip())[0])
    assert [found.hour, found.minute] == [int(figure) for figure in figures[:2]]
    assert bool(found.tzinfo) == bool(re.search(r"[+-][0-9]{2}:?[0-9]{2}$|Z$", rest.strip()))


@given(
    day=some.dates(datetime(1970, 1, 1).date(), datetime(2999, 12, 31).date()),
    hour=some.integers(0, 23),
    minute=some.integers(0, 59),
    zone=some.sampled_from(["Europe/London", "Pacific/Apia", "America/St_Johns", "Etc/UTC"]),
)
def test_every_minute_that_can_be_written_has_an_instant_and_can_be_late(
    day: date, hour: int, minute: int, zone: str
) -> None:
    due, note = When.read(f"{day} {hour}:{minute:02}").due(time(9), ZoneInfo(zone))

    is_moved = note is not None and "does not exist" in note
    assert is_moved or (due.date(), due.hour, due.minute) == (day, hour, minute)
    assert due.astimezone(UTC) + timedelta(seconds=seconds("36500 days")) > due


@pytest.mark.parametrize("written", ["9999-12-31", "0001-01-01", "3000-01-01 08:30", "1969-12-31"])
def test_a_year_that_nothing_can_be_planned_in_is_an_error_with_file_and_line(
    tmp_path: Path, written: str
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "timezone: Pacific/Kiritimati\naccounts: {class-site: {platform: site}}\nposts:\n"
        f"  - {{id: a, when: {written}, to: class-site, text: Hi}}\n"
    )

    with pytest.raises(Invalid) as raised:
        plan(config)

    (problem,) = raised.value.problems
    assert (str(problem.place), problem.code) == ("config.yaml:4", "wrong-value")
    assert "write a year from 1970 to 2999" in problem.message


@pytest.mark.parametrize("written", ["1.30 h", "2.15 hours", "0.25H"])
def test_a_length_of_time_that_can_be_read_in_two_ways_is_an_error(written: str) -> None:
    with pytest.raises(Wrong, match="can be read in two ways"):
        seconds(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90 min", 5400),
        ("90 s", 90),
        ("1.5 h", 5400),
        (90, 5400),
        (1.5, 90),
        ("2 Days", 172_800),
        ("0.25 days", 21_600),
    ],
)
def test_a_length_of_time_is_what_stands_there(written: object, meant: float) -> None:
    assert seconds(written) == meant


# Zones


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("BST", "name a place, e.g. Europe/London"),
        ("CEST", "name a place, e.g. Europe/Berlin"),
        ("pst", "name a place, e.g. America/Los_Angeles"),
        ("GMT+1", "name a place, e.g. Europe/London: a place has its summer time"),
        ("UTC-05:00", "name a place, e.g. Europe/London: a place has its summer time"),
        ("+02:00", "name a place, e.g. Europe/London: a place has its summer time"),
        ("localtime", "name a place, e.g. Europe/London: a place has its summer time"),
        ("Factory", "name a place, e.g. Europe/London: a place has its summer time"),
        ("Europe/Lodon", "did you mean 'Europe/London'?"),
    ],
)
def test_what_is_no_zone_is_answered_with_a_place(written: str, place: str) -> None:
    with pytest.raises(Wrong) as raised:
        read_zone(written)

    assert str(raised.value) == f"is no time zone: '{written}'; {place}"


@pytest.mark.parametrize(
    ("written", "warning"),
    [
        ("EST", "EST has no summer time; name a place, e.g. America/New_York"),
        ("GMT", "GMT has no summer time; name a place, e.g. Europe/London"),
        (
            "Etc/GMT-2",
            "Etc/GMT-2 is 2 hours ahead of UTC, and has no summer time; "
            "name a place, e.g. Europe/London",
        ),
        (
            "Etc/GMT+1",
            "Etc/GMT+1 is 1 hour behind UTC, and has no summer time; "
            "name a place, e.g. Europe/London",
        ),
    ],
)
def test_a_zone_that_may_be_another_than_is_meant_is_a_warning_wherever_it_stands(
    tmp_path: Path, written: str, warning: str
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        f"timezone: {written}\naccounts: {{class-site: {{platform: site}}}}\ncalendar: a.yaml\n"
    )
    (tmp_path / "a.yaml").write_text(
        f"timezone: {written}\nposts:\n"
        f"  - {{id: a, when: 2026-09-07, timezone: {written}, to: class-site, text: Hi}}\n"
    )

    found = [problem for problem in plan(config).problems if problem.code == "zone-name"]

    assert [str(problem) for problem in found] == [
        f"a.yaml:1: calendar: `timezone`: {warning}",
        f"a.yaml:3: a: `timezone`: {warning}",
        f"config.yaml:1: config: `timezone`: {warning}",
    ]
    assert {problem.severity for problem in found} == {"warning"}


@pytest.mark.parametrize("written", ["UTC", "Etc/UTC", "CET", "Europe/London", "Singapore"])
def test_a_zone_that_is_what_it_is_called_is_no_warning(written: str) -> None:
    assert (read_zone(written).key, zone_warning(written)) == (written, None)


def test_a_warning_of_a_zone_can_be_switched_off(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "timezone: GMT\nchecks: {zone-name: off}\naccounts: {class-site: {platform: site}}\n"
    )

    assert plan(config).problems == ()


def test_the_time_zones_come_with_the_program() -> None:
    project = tomllib.loads(
        Path(scheduler.__file__).parents[1].joinpath("pyproject.toml").read_text()
    )

    assert "tzdata" in project["project"]["dependencies"]


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
