"""`termbell backup` and `restore` as a person uses them, with the daemon running: what is up stays so and is not sent again."""

from tests.acceptance.storage.stand_in import POST, Calendar, StandIn

LONG = 60.0  # seconds: the server answers only after other commands have run
LATER = {**POST, "id": "later", "when": "2099-01-01", "text": "Much later"}


def backed_up(calendar: Calendar) -> str:
    ended = calendar.termbell("backup")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_a_backup_from_before_a_post_does_not_send_it_again(
    calendar: Calendar, server: StandIn
) -> None:
    backups: list[str] = []
    calendar.timeout = LONG
    server.on["upload"] = lambda: backups.append(backed_up(calendar))
    calendar.posts = [POST, LATER]
    daemon = calendar.daemon()
    calendar.until_published("scheduled")

    ended = calendar.termbell("restore", backups[0], "--yes")

    assert (ended.returncode, ended.stdout.splitlines()[1]) == (
        0,
        "1 kept as the present store had them",
    ), ended.stderr
    assert calendar.statuses() == ["published", "scheduled"]
    calendar.posts.append({**POST, "id": "second", "text": "A second one"})
    calendar.write()
    calendar.until_published("published", "scheduled")
    daemon.stop()
    assert server.texts == ["Welcome back", "A second one"]


def test_a_restore_leaves_an_attempt_that_is_under_way_alone(
    calendar: Calendar, server: StandIn
) -> None:
    ended: list[int] = []
    calendar.timeout = LONG
    server.on["upload"] = lambda: ended.append(
        calendar.termbell("restore", backed_up(calendar), "--yes").returncode
    )

    daemon = calendar.daemon()

    calendar.until_published()
    daemon.stop()
    assert ended == [0]
    assert server.texts == ["Welcome back"]
    assert "left to another process" not in daemon.said


def test_where_the_store_is_lost_with_what_was_published_since_it_is_looked_for_and_not_sent_again(
    calendar: Calendar,
    server: StandIn,
) -> None:
    backups: list[str] = []
    calendar.timeout = LONG
    server.on["upload"] = lambda: backups.append(backed_up(calendar))
    daemon = calendar.daemon()
    calendar.until_published()
    daemon.stop()
    calendar.store.unlink()

    ended = calendar.termbell("restore", backups[0], "--yes")
    again = calendar.daemon()

    assert "1 were due since and may be up" in ended.stdout
    calendar.until_published()
    again.until_it_says("was there already")
    assert server.texts == ["Welcome back"]
