"""Ids and keys as NIP-01, NIP-19 and BIP 173 give them."""

import hashlib

import pytest

from platforms.nostr_events import identifier, read, written

NIP_19 = [
    (
        "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg",
        "npub",
        "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e",
    ),
    (
        "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5",
        "nsec",
        "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa",
    ),
    (
        "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p",
        "nprofile",
        "00203bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d"
        + "010d"
        + b"wss://r.x.com".hex()
        + "0115"
        + b"wss://djbas.sadkb.com".hex(),
    ),
]


@pytest.mark.parametrize(("text", "kind", "content"), NIP_19)
def test_what_people_write_and_what_it_says(text: str, kind: str, content: str) -> None:
    assert written(kind, bytes.fromhex(content)) == text
    assert read(text) == (kind, bytes.fromhex(content))
    assert read(text.upper()) == (kind, bytes.fromhex(content))


@pytest.mark.parametrize(
    "text",
    [
        "A12UEL5L",
        "a12uel5l",
        "an83characterlonghumanreadablepartthatcontainsthenumber1andtheexcludedcharactersbio1tt5tgs",
    ],
)
def test_nothing_can_be_written_too(text: str) -> None:
    assert read(text) == (text.lower().rpartition("1")[0], b"")


@pytest.mark.parametrize(
    "text",
    [
        NIP_19[0][0].replace("elf", "efl"),
        NIP_19[0][0][:-1],
        NIP_19[0][0].replace("vjptg", "vjptb"),
        NIP_19[0][0].replace("npub", "Npub"),
        "",
        "npub1",
        "1qqqqqqqq",
        "A1G7SGD8",
        "pzry9x0s0muk",
    ],
)
def test_a_letter_that_is_wrong_or_missing_is_noticed(text: str) -> None:
    with pytest.raises(ValueError, match="wrong letter"):
        read(text)


def test_an_id_is_the_hash_of_what_the_event_says() -> None:
    """Escaped are a quote, a backslash, tabs and line ends, and nothing else."""
    event = {
        "pubkey": "ab" * 32,
        "created_at": 1,
        "kind": 1,
        "tags": [["t", "größe"]],
        "content": 'a "b" \\ \n\t/ é🎒',
    }
    said = '[0,"' + "ab" * 32 + '",1,1,[["t","größe"]],"a \\"b\\" \\\\ \\n\\t/ é🎒"]'

    assert identifier(event) == hashlib.sha256(said.encode()).hexdigest()
