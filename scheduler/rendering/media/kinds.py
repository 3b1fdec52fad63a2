"""What a file is, by its first bytes; and the words in which a person is told that it cannot leave."""

from dataclasses import replace

from platforms.base import Limits, Media

# The brand of an ISO file (MP4 and its relatives) that is no MP4
BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys(
        (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "image/heic"
    ),
    b"qt  ": "video/quicktime",
}
STARTS = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF8": "image/gif",
    b"\x1aE\xdf\xa3": "video/webm",
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",  # what Word, PowerPoint and LibreOffice write
    b"\xd0\xcf\x11\xe0": "application/x-ole-storage",  # and their programs of the last century
}
NOT_READY = "media-not-ready"  # the code of what would have to be made after `until`


class Unfit(Exception):
    """The file cannot leave; says why and what would help. `instead` leaves in its place, if there is one."""

    def __init__(
        self, code: str, message: str, severity: str = "error", instead: Media | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.severity, self.instead = code, severity, instead

    def described(self, alt: str, focus: tuple[float, float] | None) -> "Unfit":
        return Unfit(
            self.code,
            str(self),
            self.severity,
            self.instead and replace(self.instead, alt=alt, focus=focus),
        )


def kind_of(head: bytes) -> str:
    """The media type, by a file's first bytes; empty where they say nothing."""
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in STARTS.items() if head.startswith(start)), "")


def taken(limits: Limits) -> str:
    types = (
        (limits.images, limits.image_types),
        (limits.videos, limits.video_types),
        (limits.documents, limits.document_types),
    )
    allowed = tuple(kind for most, kinds in types if most for kind in kinds)
    return f"taken are {listed(allowed)}" if allowed else "no files are taken"


def listed(types: tuple[str, ...]) -> str:
    return ", ".join(kind.partition("/")[2].upper() for kind in types) or "none"


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"
