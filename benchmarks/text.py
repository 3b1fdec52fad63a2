"""How many short texts are searched and measured in a second, on one core.

python benchmarks/text.py [--json]    each figure is the best of the rounds

`measured`: how long the text is, its links, mentions and tags being known. `found and measured`: both, as it is done once for each post.
"""

import argparse
import json
import sys
import timeit
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from platforms.base import Limits
from platforms.registry import platform
from scheduler.rendering.finding import spans
from scheduler.rendering.measuring import length

PLAIN = Limits(source="", checked=date(2026, 11, 25))
RULES = {
    "code points": PLAIN,
    "UTF-16": replace(PLAIN, unit="UTF-16 units"),
    "Bluesky": platform("bluesky").limits,
    "Mastodon": platform("mastodon").limits,
    "X": replace(
        PLAIN, unit="weighted characters", link_length=23, public_links=True, latin_links=True
    ),
    "Threads": replace(PLAIN, unit="characters, emoji as bytes"),
}
TEXTS = {
    "plain": "Our open evening is on Thursday at six. Come and see what the pupils have made this term.",
    "typographic": "“Our open evening” – it’s on Thursday, at six… Come and see what Zoë’s class has made this term.",
    "link and tag": "Our open evening is on Thursday at six: https://example.org/open-evening?year=2026 #OpenEvening",
    "bare link": "Our open evening is on Thursday at six, see example.org/open for the way #OpenEvening",
    "emoji": "Our open evening is on Thursday 🎉 at six 👩‍🏫👨‍👩‍👧‍👦 bring your own ❤️ and 1️⃣ chair",
    "Japanese": "学校の図書館で会いましょう。来週の木曜日の六時からです。みなさんのお越しをお待ちしています。",
    "Hindi": "हमारा खुला दिन गुरुवार को छह बजे है, सबका स्वागत है",
}
ROUNDS, TIMES = 7, 300


@dataclass(frozen=True)
class Speed:
    rule: str
    text: str
    measured: int  # texts in a second
    found_and_measured: int


def speeds() -> Iterator[Speed]:
    for rule, limits in RULES.items():
        for name, text in TEXTS.items():
            yield speed(rule, name, limits, text)


def speed(rule: str, name: str, limits: Limits, text: str) -> Speed:
    known = spans(text, limits)
    return Speed(
        rule,
        name,
        in_a_second(lambda: length(text, known, limits, {})),
        in_a_second(lambda: length(text, spans(text, limits), limits, {})),
    )


def in_a_second(work: Callable[[], object]) -> int:
    return round(TIMES / min(timeit.repeat(work, number=TIMES, repeat=ROUNDS)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = list(speeds())
    if asked.json:
        print(json.dumps([asdict(one) for one in found]))
        return
    print(f"{'rule':13}{'text':15}{'measured/s':>14}{'found and measured/s':>24}")
    for one in found:
        print(f"{one.rule:13}{one.text:15}{one.measured:14,}{one.found_and_measured:24,}")


if __name__ == "__main__":
    main()
