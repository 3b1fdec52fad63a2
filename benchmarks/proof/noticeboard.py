"""A platform that gives no way to know: it takes a post, answers with a number, lists nothing and recognises no second sending."""

from datetime import date

from platforms.base import Account, Ask, Limits, Platform, Post, Published, Request, Setting


def publish(account: Account, post: Post, ask: Ask) -> Published:
    answer = ask(Request(step="notice", method="POST", url=f"{account.settings['server']}/notices", json={"text": post.text}, example={"id": 7}))
    return Published(id=str(answer.json()["id"]))


PLATFORM = Platform(
    name="noticeboard",
    settings=(Setting(name="server", meaning="where the board hangs", required=True, example="http://127.0.0.1:8000"),),
    limits=Limits(text=1000, source="benchmarks/proof/stand_ins.py", checked=date(2026, 11, 25)),
    publish=publish,
)
