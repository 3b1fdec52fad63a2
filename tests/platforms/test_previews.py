"""What `preview --requests` shows on every platform for the same seven posts: a text, a long one, a link, a picture, four, a video, a thread.

The files in `previews/` were read by eye, against the fact sheets: what leaves, what is not possible there, and how that is said. One that
changes has to be read again: `TERMBELL_PREVIEWS=write pytest tests/platforms/test_previews.py` writes them anew, and git shows what is
different. Digests, sizes and what is made from them differ with the libraries that make pictures and videos: they are left out.
"""

import os
import random
import re
from pathlib import Path

import pytest
from PIL import Image

from platforms.registry import built_in, platform
from tests.cli.support import lines, termbell
from tests.rendering.media_corpus import a_video, needed
from tests.support import an_image

PREVIEWS = Path(__file__).parent / "previews"
LONGEST = 1_200  # characters of a line that are kept; the built-in site's pages are longer, and are tested elsewhere
DIGEST = (
    r"[0-9a-f]{16,64}(?=\.(?:png|jpe?g|mp4|webp|gif)\b)|(?<=termbell-)[0-9a-f]{32}\b|\bbafkrei[a-z2-7]{52}\b"
    r"|(?<=X-SHA-256: )\w+|(?<=x )[0-9a-f]{64}|(?<=\"id\":\")[0-9a-f]{64}"
)
HEAD = """\
timezone: Europe/London
media_host: {kind: folder, folder: www, url: "https://school.test/media"}
accounts:
"""
POSTS = """\
posts:
- id: text
  when: 2099-09-07 08:30
  title: A question for the staff room
  text: "What will you try **this week**? I start with *number talks*. 🎒 #MathsChat"
- id: long-text
  when: 2099-09-08 08:30
  title: Number talks
  fit: shorten
  text: "{long}"
- id: link
  when: 2099-09-09 08:30
  title: Fractions without tears
  text: "A worksheet for Monday, free to copy. #Fractions"
  link: {{url: "https://example.org/fractions", title: Fractions without tears, description: Eight pages and a game}}
- id: image
  when: 2099-09-10 08:30
  title: The door is open
  text: Come in and look around.
  media: [{{file: door0.png, alt: "The school door, painted blue"}}]
- id: four-images
  when: 2099-09-11 08:30
  title: Four rooms
  text: Four rooms, one school.
  media:
  - {{file: door0.png, alt: "The school door, painted blue"}}
  - {{file: door1.png, alt: "The library, with green shelves"}}
  - {{file: door2.png, alt: "The hall, red for the concert"}}
  - {{file: door3.png, alt: "The garden shed, orange"}}
- id: video
  when: 2099-09-12 08:30
  title: One minute of number talks
  text: "How it sounds. #MathsChat"
  media: [{{file: talk.mp4, alt: "Two pupils compare their ways at the board"}}]
- id: thread
  when: 2099-09-13 08:30
  title: Three steps
  text: Three steps to number talks.
  thread: [First the question is put., Then everybody thinks without a pencil.]
"""
LONG = " ".join(
    f"This is reason {nth} of twenty for a number talk at the start of the lesson: pupils hear that there are many ways."
    for nth in range(1, 21)
)


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the posts name."""
    folder = tmp_path_factory.mktemp("media")
    for nth, colour in enumerate(("navy", "green", "red", "orange")):
        file = an_image(folder, f"door{nth}.png", size=(1080, 1080), colour=colour).file
        with Image.open(
            file
        ) as door:  # with a rough spot, for a picture of a single colour is too light for Google
            door.paste(
                Image.frombytes("RGB", (64, 64), random.Random(nth).randbytes(64 * 64 * 3)),
                (480, 480),
            )
            door.save(file)
    a_video(folder / "talk.mp4", seconds=6, size="540x960")
    return folder


def seen(name: str, folder: Path) -> str:
    """What a person sees who previews the seven posts, on a terminal without colours. What an account needs is as its row's example has it."""
    settings = "".join(
        f", {row.name}: {row.example}" for row in platform(name).settings if row.required
    )
    posts = POSTS.format(long=LONG).replace("  when:", "  to: main\n  when:")
    (folder / "config.yaml").write_text(f"{HEAD}  main: {{platform: {name}{settings}}}\n{posts}")
    shown = lines(termbell("preview", "--requests", "-c", folder / "config.yaml"))
    for path, instead in ((str(folder), "FOLDER"), (os.environ["TERMBELL_CACHE"], "CACHE")):
        shown = shown.replace(path, instead)
    return "".join(
        f"{line[:LONGEST]} …\n" if len(line) > LONGEST else f"{line.rstrip()}\n"
        for line in alike(shown).strip().splitlines()
    )


def alike(shown: str) -> str:
    """Without what the bytes of pictures and videos say, in whatever way it is written."""
    shown = re.sub(DIGEST, "…", shown)
    sizes = {int(size.replace(",", "")) for size in re.findall(r"‹….\w+ ([\d,]+) bytes", shown)}
    written = {
        f"{number:{form}}" for size in sizes for number in (size, size - 1) for form in (",", "")
    }
    return (
        re.sub(rf"\b(?:{'|'.join(sorted(written))})\b|\b[\d,]+(?= kB\b)", "n", shown)
        if sizes
        else shown
    )


@pytest.mark.parametrize("name", built_in())
def test_it_shows_what_was_read(name: str, tmp_path: Path, media: Path) -> None:
    needed("ffmpeg")
    for file in media.iterdir():
        (tmp_path / file.name).symlink_to(file)
    file = PREVIEWS / f"{name}.txt"

    shown = seen(name, tmp_path)

    if os.environ.get("TERMBELL_PREVIEWS") == "write":
        file.write_text(shown)
    assert shown == file.read_text()
