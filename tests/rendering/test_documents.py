"""A PDF leaves with its pages and pictures, and without the names of those who made it."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from platforms.base import Limits
from scheduler.calendar.model import Delivery, MediaFile
from scheduler.guarding import BUILT_IN, Guard
from scheduler.problems import Place
from scheduler.rendering.guard import Guarding, read_roster
from scheduler.rendering.media import NOT_READY, Unfit, fitted
from scheduler.rendering.media.documents import jpeg_without_words
from tests.rendering.pdfs import OWNER, PLACE, a_jpeg, a_pdf, everything_in
from tests.rendering.support import LINKEDIN, PLAIN, a_draft, rendered, said

TAKES_DOCUMENTS = replace(
    PLAIN, images=4, documents=1, document_bytes=100_000_000, document_pages=300
)


def given(file: Path) -> MediaFile:
    return MediaFile(file=file, alt="Slides of the first week", place=Place("calendar.yaml", 15))


def with_document(file: Path, limits: Limits = TAKES_DOCUMENTS) -> Delivery:
    [one] = rendered(a_draft("site", text="Look", media=(given(file),)), limits)
    return one


def test_a_document_keeps_its_pages_and_loses_the_names_in_it(tmp_path: Path) -> None:
    file = a_pdf(tmp_path, "Welcome back", "One idea a week")
    assert everything_in(file).count(OWNER.encode()) >= 8

    media = fitted(given(file), TAKES_DOCUMENTS, tmp_path / "cache")

    assert (media.type, media.alt, media.size) == (
        "application/pdf",
        "Slides of the first week",
        media.file.stat().st_size,
    )
    pages = PdfReader(media.file).pages
    assert [page.extract_text() for page in pages] == ["Welcome back", "One idea a week"]
    assert pages[0]["/Annots"][0]["/Contents"] == "Nice"  # type: ignore[index]
    left = everything_in(media.file)
    assert [
        word
        for word in (OWNER, PLACE, "xmpmeta", "draft.txt", "app.alert")
        if word.encode() in left
    ] == []


def test_its_photos_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    media = fitted(given(a_pdf(tmp_path)), TAKES_DOCUMENTS, tmp_path / "cache")

    photo = PdfReader(media.file).pages[0]["/Resources"]["/XObject"]["/Photo"]  # type: ignore[index]

    assert photo._data == jpeg_without_words(a_jpeg())


def test_the_same_document_is_made_the_same_and_once(tmp_path: Path) -> None:
    file = a_pdf(tmp_path)

    one, other = (fitted(given(file), TAKES_DOCUMENTS, tmp_path / cache) for cache in ("a", "b"))
    assert one.digest == other.digest

    again = fitted(given(file), TAKES_DOCUMENTS, tmp_path / "a", until=0)
    assert again == one
    one.file.with_suffix(".txt").unlink()
    with pytest.raises(Unfit) as unfit:
        fitted(given(file), TAKES_DOCUMENTS, tmp_path / "a", until=0)
    assert unfit.value.code == NOT_READY


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            b"%PDF-1.7\nhalf of it",
            r"slides\.pdf is damaged or not complete \(.*\); save or export it again",
        ),
        (
            b"Dear colleagues",
            r"slides\.pdf is no picture, video or PDF that we know; taken are JPEG, PNG, WEBP, GIF, PDF",
        ),
        (
            b"PK\x03\x04" + bytes(40),
            r"slides\.pdf is an office file or an archive; export it as PDF",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40),
            r"slides\.pdf is an office file or an archive; export it as PDF",
        ),
    ],
)
def test_what_is_no_pdf_is_told_with_the_remedy(tmp_path: Path, body: bytes, told: str) -> None:
    (tmp_path / "slides.pdf").write_bytes(body)

    with pytest.raises(Unfit, match=told):
        fitted(given(tmp_path / "slides.pdf"), TAKES_DOCUMENTS, tmp_path / "cache")


def test_one_that_is_protected_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        Unfit, match=r"slides\.pdf is protected, by a password or against changes; save it without"
    ):
        fitted(given(a_pdf(tmp_path, password="s")), TAKES_DOCUMENTS, tmp_path / "cache")


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (
            replace(TAKES_DOCUMENTS, document_bytes=500),
            "slides.pdf has 5.0 kB, and at most 0.5 kB are taken; save it with smaller pictures",
        ),
        (
            replace(TAKES_DOCUMENTS, document_pages=2),
            "slides.pdf has 3 pages, and at most 2 are taken; leave some out",
        ),
        (
            replace(TAKES_DOCUMENTS, documents=0),
            "slides.pdf is a document, and none is taken there; taken are JPEG, PNG, WEBP, GIF",
        ),
    ],
)
def test_one_that_is_not_taken_is_told_with_its_place(
    tmp_path: Path, limits: Limits, told: str
) -> None:
    (problem,) = said(with_document(a_pdf(tmp_path, "One", "Two", "Three"), limits))

    size = problem.partition(" has ")[2].partition(",")[0]
    assert problem == f"calendar.yaml:15: launch-day: {told.replace('5.0 kB', size)}"


def test_more_than_the_platform_takes_are_told(tmp_path: Path) -> None:
    files = tuple(given(a_pdf(tmp_path, name, name=f"{name}.pdf")) for name in ("one", "two"))

    [one] = rendered(a_draft("linkedin", text="Look", media=files), replace(LINKEDIN, documents=1))

    assert said(one) == [
        "calendar.yaml:15: launch-day: 2 documents on linkedin (linkedin), where at most 1 is taken; leave out 1"
    ]


def test_the_guard_reads_its_pages(tmp_path: Path) -> None:
    (tmp_path / "roster.txt").write_text("Anna Smith\n")
    guarding = Guarding(
        guard=Guard(patterns=BUILT_IN), roster=read_roster(tmp_path / "roster.txt", "roster.txt")
    )

    assert list(guarding.found(with_document(a_pdf(tmp_path, "We dance")), frozenset())) == []
    assert list(
        guarding.found(
            with_document(a_pdf(tmp_path, "We dance", "Thanks to Anna Smith")), frozenset()
        )
    ) == [
        (
            "guard-name",
            "media",
            "a page of file 1 has the name of roster.txt:1 (line 2, character 11); take it out, or allow it: "
            "`guard: {allow: [...]}` in the config",
        )
    ]


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_loses_its_words_and_no_pixel(progressive: bool) -> None:
    before = a_jpeg(progressive)

    after = jpeg_without_words(before)

    assert [word for word in (OWNER, PLACE) if word.encode() in after] == []
    assert b"a profile of colours" in after
    assert Image.open(io.BytesIO(after)).tobytes() == Image.open(io.BytesIO(before)).tobytes()


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1", b"no picture", a_jpeg()[:400]]
)
def test_what_is_no_whole_jpeg_stays_as_it_is(body: bytes) -> None:
    assert jpeg_without_words(body) == body
