"""PDFs as programs make them: with everything in them that should not leave."""

import io
from pathlib import Path

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

OWNER, PLACE = "Xaver Urheber", "51.5074"
NAMES = {
    name: NameObject(f"/{name}")
    for name in (
        "Type",
        "Subtype",
        "Font",
        "XObject",
        "Image",
        "Photo",
        "Filter",
        "DCTDecode",
        "Width",
        "Height",
        "ColorSpace",
        "DeviceRGB",
        "BitsPerComponent",
        "Metadata",
        "XML",
        "Helvetica",
        "Type1",
        "BaseFont",
        "F1",
        "Resources",
        "Contents",
        "Annots",
        "Text",
        "Rect",
        "T",
        "PieceInfo",
        "Private",
        "OpenAction",
        "S",
        "JavaScript",
        "JS",
    )
}


def a_jpeg(progressive: bool = False) -> bytes:
    """A photo whose camera says whose it is and where, and a program says so once more."""
    exif = Image.Exif()
    exif[0x013B], exif[0x8298] = OWNER, OWNER
    made = io.BytesIO()
    photo = Image.merge(
        "RGB", [Image.linear_gradient("L").rotate(turn).resize((96, 64)) for turn in (0, 40, 130)]
    )
    photo.save(
        made,
        "JPEG",
        exif=exif,
        comment=f"{OWNER} {PLACE}",
        progressive=progressive,
        icc_profile=b"a profile of colours",
    )
    return made.getvalue() + b"\xff\xd8 a second picture by " + OWNER.encode()


def a_pdf(folder: Path, *texts: str, name: str = "slides.pdf", password: str = "") -> Path:
    """A page for each text, the first with a photo and a comment."""
    writer = PdfWriter()
    for text in texts or ("Welcome back",):
        _page(writer, text)
    first = writer.pages[0]
    first[NAMES["Resources"]][NAMES["XObject"]] = DictionaryObject(
        {NAMES["Photo"]: writer._add_object(_photo())}
    )  # type: ignore[index]
    first[NAMES["Annots"]] = ArrayObject(
        [
            writer._add_object(
                DictionaryObject(
                    {
                        NAMES["Type"]: NameObject("/Annot"),
                        NAMES["Subtype"]: NAMES["Text"],
                        NAMES["T"]: TextStringObject(OWNER),
                        NAMES["Rect"]: ArrayObject(map(FloatObject, (1, 1, 9, 9))),
                        NAMES["Contents"]: TextStringObject("Nice"),
                    }
                )
            )
        ]
    )
    first[NAMES["PieceInfo"]] = DictionaryObject({NAMES["Private"]: TextStringObject(OWNER)})
    writer.add_metadata({"/Author": OWNER, "/Creator": f"{OWNER}'s office", "/Title": "Slides"})
    writer.xmp_metadata = f"<x:xmpmeta>{OWNER}</x:xmpmeta>".encode()
    writer.add_attachment("draft.txt", OWNER.encode())
    script = TextStringObject(f"app.alert('{OWNER}')")
    writer.root_object[NAMES["OpenAction"]] = DictionaryObject(
        {NAMES["S"]: NAMES["JavaScript"], NAMES["JS"]: script}
    )
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(folder / name)
    return folder / name


def _page(writer: PdfWriter, text: str) -> None:
    page = writer.add_blank_page(300, 200)
    font = DictionaryObject(
        {
            NAMES["Type"]: NAMES["Font"],
            NAMES["Subtype"]: NAMES["Type1"],
            NAMES["BaseFont"]: NAMES["Helvetica"],
        }
    )
    page[NAMES["Resources"]] = DictionaryObject(
        {NAMES["Font"]: DictionaryObject({NAMES["F1"]: font})}
    )
    drawn = DecodedStreamObject()
    drawn.set_data(f"BT /F1 24 Tf 20 100 Td ({text}) Tj ET".encode())
    page[NAMES["Contents"]] = writer._add_object(drawn)


def _photo() -> StreamObject:
    photo = StreamObject()
    photo._data = a_jpeg()
    photo.update(
        {
            NAMES["Type"]: NAMES["XObject"],
            NAMES["Subtype"]: NAMES["Image"],
            NAMES["Filter"]: NAMES["DCTDecode"],
            NAMES["Width"]: FloatObject(96),
            NAMES["Height"]: FloatObject(64),
            NAMES["ColorSpace"]: NAMES["DeviceRGB"],
            NAMES["BitsPerComponent"]: FloatObject(8),
            NAMES["Metadata"]: _xmp(),
        }
    )
    return photo


def _xmp() -> StreamObject:
    xmp = DecodedStreamObject()
    xmp.set_data(OWNER.encode())
    xmp.update({NAMES["Type"]: NAMES["Metadata"], NAMES["Subtype"]: NAMES["XML"]})
    return xmp


def everything_in(file: Path) -> bytes:
    """The bytes of a PDF and, unpacked, of every stream in it."""
    reader = PdfReader(file)
    found = [file.read_bytes()]
    for number in range(1, 1 + int(reader.trailer["/Size"])):
        one = reader.get_object(number)
        found += [one.get_data()] if isinstance(one, StreamObject) else [str(one).encode()]
    return b"\n".join(found)
