"""Nostr's forms, which its adapter and its signature share: the id of an event (NIP-01), and keys and ids as people write them (NIP-19, bech32).

https://github.com/nostr-protocol/nips/blob/master/01.md, /19.md and https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from platforms.base import Json, Published, Rejected

LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
CHECK = 6  # letters of the checksum
EVENT_ID = re.compile(r"(?:note|nevent)1[02-9ac-hj-np-z]+|\b[0-9a-f]{64}\b")


def identifier(event: Json) -> str:
    """The hash of what the event says: the same words by the same author at the same second are the same event.

    Python writes control characters other than NIP-01's seven in its own way, so that there may be none in the event.
    """
    said = [0, event["pubkey"], event["created_at"], event["kind"], event["tags"], event["content"]]
    return hashlib.sha256(
        json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def public_key(npub: str) -> str:
    """In hexadecimal digits."""
    try:
        kind, key = read(npub)
    except ValueError as fault:
        raise Rejected(f"{npub} is no public key: {fault}") from None
    if kind != "npub" or len(key) != 32:
        raise Rejected(f"{npub} is no public key: that begins with npub1 and has 63 letters")
    return key.hex()


def event_of(post: Published) -> str:
    """Its id. A post that a person found is known by an address that has it: nevent1..., note1... or hexadecimal digits."""
    found = EVENT_ID.search(post.id)
    try:
        return (
            found[0]
            if found and not found[0].startswith("n")
            else id_in(*read(found[0] if found else post.id))
        )
    except ValueError:
        raise Rejected(
            f"{post.id} is no post on Nostr; its address has a nevent1... or note1... in it"
        ) from None


def id_in(kind: str, content: bytes) -> str:
    """A note is the id; in a nevent it is one of several values, each after its type (0) and length."""
    while kind == "nevent" and len(content) > 2 and content[0] != 0:
        content = content[2 + content[1] :]
    found = content[2:34] if kind == "nevent" else content
    if len(found) != 32:
        raise ValueError("no id in it")
    return found.hex()


def written(kind: str, content: bytes) -> str:
    """`content` as people write it: "npub1..." for a public key. NIP-19 sets no limit to the length."""
    values = regrouped(content, 8, 5)
    check = checksum((*spread(kind), *values, *[0] * CHECK)) ^ 1
    return f"{kind}1" + "".join(
        LETTERS[value]
        for value in (*values, *(check >> 5 * place & 31 for place in reversed(range(CHECK))))
    )


def read(text: str) -> tuple[str, bytes]:
    """The kind and the content of "npub1...". Raises ValueError where a letter is wrong."""
    kind, _, letters = text.lower().rpartition("1")
    values = [LETTERS.find(letter) for letter in letters]
    if (
        not kind
        or text not in (text.lower(), text.upper())
        or len(values) < CHECK
        or -1 in values
        or checksum((*spread(kind), *values)) != 1
    ):
        raise ValueError(f"{text[:9]}... has a wrong letter, or some are missing")
    return kind, bytes(regrouped(values[:-CHECK], 5, 8))


def spread(kind: str) -> tuple[int, ...]:
    return (*(ord(letter) >> 5 for letter in kind), 0, *(ord(letter) & 31 for letter in kind))


def checksum(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for place, factor in enumerate(GENERATOR):
            check ^= factor if top >> place & 1 else 0
    return check


def regrouped(values: Sequence[int], of: int, to: int) -> list[int]:
    """Numbers of `of` bits as numbers of `to` bits. To larger ones only padding is left over; to smaller ones zeros are added."""
    number, bits = 0, len(values) * of
    for value in values:
        number = number << of | value
    over = bits % to
    if to < of and over:
        number, bits = number << to - over, bits + to - over
    elif over:
        number, bits = number >> over, bits - over
    return [number >> place & (1 << to) - 1 for place in range(bits - to, -1, -to)]
