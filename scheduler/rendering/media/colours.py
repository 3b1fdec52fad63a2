"""A picture's colours, as every platform shows them: 8 bits each of red, green and blue, or grey, with or without transparency.

A profile that all viewers know is kept, so that a phone's wider colours stay. Others are brought to sRGB: the profile of a monitor
names its owner's machine, that of a press takes a megabyte, and those of other models than RGB few platforms read.
"""

import io
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

COMMON = (
    "sRGB",
    "Display P3",
    "Adobe RGB (1998)",
    "ProPhoto RGB",
    "ROMM RGB",
    "Rec. 2020",
    "Apple RGB",
    "c2",
    "uP3",
)  # beginnings of names
LARGEST = 8_192  # bytes of a profile that is kept; the common ones have 400 to 4,000


def is_common(profile: bytes) -> bool:
    from PIL import ImageCms

    with suppress(ImageCms.PyCMSError, OSError, struct.error, ValueError):
        if len(profile) <= LARGEST and profile[16:20] == b"RGB ":
            return ImageCms.getProfileDescription(
                ImageCms.ImageCmsProfile(io.BytesIO(profile))
            ).startswith(COMMON)
    return False


def settled(picture: "Image", profile: bytes | None) -> tuple["Image", bytes | None]:
    """The picture as RGB, RGBA or L, and the profile that goes with it."""
    picture = _eight_bits(picture)
    if profile and picture.mode in ("RGB", "RGBA") and is_common(profile):
        return picture, profile
    picture = _in_srgb(picture, profile) if profile else picture
    return picture if picture.mode in ("RGB", "RGBA", "L") else picture.convert("RGB"), None


def _eight_bits(picture: "Image") -> "Image":
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda level: level * (1 / 256)).convert("L")
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode == "1":
        return picture.convert("L")
    return picture.convert("RGB") if picture.mode == "P" else picture


def _in_srgb(picture: "Image", profile: bytes) -> "Image":
    """With a profile that is broken or of another model, the colours are taken as they are."""
    from PIL import ImageCms

    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    with suppress(ImageCms.PyCMSError, OSError, struct.error, ValueError):
        turned = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode=mode,
        )
        if turned is not None:
            return turned.convert("L") if picture.mode == "L" else turned
    return picture
