"""Texts that are easily counted or searched wrongly, with what is right and who says so.

Platforms that have no adapter yet are here as the `Limits` that theirs would state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from platforms.base import Limits
from platforms.registry import platform
from tests.rendering.support import PLAIN

MASTODON = platform("mastodon").limits
BLUESKY = platform("bluesky").limits
LINKEDIN = platform("linkedin").limits
X = replace(
    PLAIN, text=280, unit="weighted characters", link_length=23, public_links=True, latin_links=True
)
THREADS = replace(PLAIN, text=500, unit="characters, emoji as bytes")
TELEGRAM = replace(PLAIN, text=4096, unit="UTF-16 units")
YOUTUBE = replace(PLAIN, text=5000, unit="bytes", bare_links=False)

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴󠁧󠁢󠁳󠁣󠁴󠁿"
ZALGO = "Z\u0351\u036b\u0343\u036a\u0302a\u0348\u034d\u0308l\u0334\u0348\u0325go"

UAX29 = "https://www.unicode.org/reports/tr29/#Table_Combining_Char_Sequences_and_Grapheme_Clusters"
GRAPHEMES: Sequence[tuple[str, int, str]] = [
    ("abc", 3, UAX29),
    ("a\r\nb", 3, UAX29 + " GB3: CR and LF are one"),
    ("a\n\rb", 4, UAX29 + " GB4, GB5"),
    ("e\u0301", 1, UAX29 + " GB9"),
    ("e\u0301\u0308\u0327", 1, UAX29 + " GB9"),
    (ZALGO, 5, UAX29 + " GB9"),
    ("\u0301", 1, UAX29 + " GB4: nothing stands before it"),
    ("a\u200db", 2, UAX29 + " GB9: ZWJ joins to what is before it, and only pictographs behind"),
    ("a\ufe0fb", 2, UAX29 + " GB9"),
    ("©\ufe0f", 1, UAX29 + " GB9"),
    ("©\u200d©", 1, UAX29 + " GB11: © is a pictograph"),
    ("각", 1, UAX29 + " GB6-GB8: composed Hangul"),
    ("\u1100\u1161\u11a8", 1, UAX29 + " GB6-GB8: its jamo"),
    ("\u1100\u1100\u1161", 1, UAX29 + " GB6"),
    ("한국", 2, UAX29 + " GB8"),
    ("क्षि", 1, UAX29 + " GB9c: an Indic conjunct"),
    ("নি", 1, UAX29 + " GB9a"),
    ("நி", 1, UAX29 + " GB9a"),
    ("กำ", 1, UAX29 + " GB9a: Thai sara am"),
    ("が\u3099", 1, UAX29 + " GB9: a sound mark apart"),
    ("ｶﾞ", 1, UAX29 + " GB9: half-width, with its sound mark"),
    ("1️⃣#️⃣", 2, UAX29 + " GB9: keycaps"),
    ("👍🏽", 1, UAX29 + " GB9: a skin tone"),
    (FAMILY, 1, UAX29 + " GB11"),
    (FAMILY * 2, 2, UAX29 + " GB11"),
    (SCOTLAND, 1, UAX29 + " GB9: tags"),
    ("🇮🇪🇫🇷", 2, UAX29 + " GB12, GB13: flags are pairs"),
    ("🇮🇪🇫", 2, UAX29 + " GB12, GB13"),
    ("a\u200fb\u2067", 4, UAX29 + " GB4, GB5: directional marks are controls"),
    ("soft\u00adhyphen", 11, UAX29 + " GB4, GB5: so is the soft hyphen"),
    ("שָׁלוֹם", 4, UAX29 + " GB9: points"),
    ("مَدْرَسَة", 5, UAX29 + " GB9: vowel marks"),
]

CODE_POINTS = (
    "https://docs.python.org/3/library/stdtypes.html#str: a str is a sequence of code points"
)
UTF16 = "https://core.telegram.org/api/entities#entity-length: code points above U+FFFF are two units, others one"
UTF8 = "https://www.rfc-editor.org/rfc/rfc3629#section-3"
LINKEDIN_HELP = "LinkedIn Help, post: 3,000 characters"
VALIDATE = "https://github.com/twitter/twitter-text/blob/master/conformance/validate.yml"
NPM = "npm twitter-text 3.1.0, parseTweet"
COUNTING = "https://docs.x.com/fundamentals/counting-characters"
ATPROTO = "https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky/feed/post.json: maxGraphemes"
META = (
    "https://developers.facebook.com/docs/threads/posts: emoji count as their number of UTF-8 bytes"
)
COUNTABLE = (
    "https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb"
)
REGEX = "https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb"

LENGTHS: Sequence[tuple[str, Limits, int, str]] = [
    (FAMILY, LINKEDIN, 7, CODE_POINTS),
    ("e\u0301", LINKEDIN, 2, CODE_POINTS),
    ("https://example.org/a", LINKEDIN, 21, LINKEDIN_HELP),
    ("abc é 日本", TELEGRAM, 8, UTF16),
    ("😀", TELEGRAM, 2, UTF16),
    (FAMILY, TELEGRAM, 11, UTF16),
    ("🇮🇪", TELEGRAM, 4, UTF16),
    ("𠮷野家", TELEGRAM, 4, UTF16),
    ("1️⃣", TELEGRAM, 3, UTF16),
    ("aé日😀", YOUTUBE, 1 + 2 + 3 + 4, UTF8),
    (FAMILY, YOUTUBE, 25, UTF8),
    (FAMILY, BLUESKY, 1, ATPROTO),
    (ZALGO, BLUESKY, 5, ATPROTO),
    ("see https://example.org/" + "a" * 30, BLUESKY, 54, ATPROTO),
    ("@ada.bsky.social hi", BLUESKY, 19, ATPROTO),
    ("abc é", THREADS, 5, META),
    ("😀", THREADS, 4, META),
    (FAMILY, THREADS, 25, META),
    ("👍🏽", THREADS, 8, META),
    ("🇮🇪", THREADS, 8, META),
    ("1️⃣", THREADS, 7, META),
    ("❤️", THREADS, 6, META),
    ("日本 1 # ½", THREADS, 8, META),
    ("", X, 0, NPM),
    ("I am a Tweet", X, 12, VALIDATE),
    ("Hi http://test.co", X, 26, VALIDATE),
    ("http://test.co", X, 23, VALIDATE),
    ("https://www.twitter.com/aloha " * 10, X, 240, VALIDATE),
    ("故人西辞黄鹤楼，烟花三月下扬州。", X, 32, VALIDATE + ": CJK weighs 2"),
    ("A\u0301B", X, 2, VALIDATE + ": composed first"),
    ("A\ufb2c", X, 4, VALIDATE + ": NFC takes U+FB2C apart"),
    ("H🐱☺" + FAMILY, X, 7, VALIDATE),
    ("😷👾😡🔥💩", X, 10, VALIDATE),
    ("🙋🏽👨‍🎤", X, 4, VALIDATE),
    (FAMILY * 140, X, 280, VALIDATE),
    ("1⃣", X, 2, VALIDATE),
    (f"Unicode 10.0 emoji: 🤪; 🧕; 🧕🏾; {'🏴' + SCOTLAND[1:]}", X, 34, VALIDATE),
    (
        "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b ‐ ‑ ‒ – — ― ‖  ‗ ‘ ’ ‚ ‛ “ ” „ ‟ ′ ″ ‴ ‵ ‶ ‷",
        X,
        57,
        NPM,
    ),
    ("randomurl" * 6 + "randomurls.com", X, 68, VALIDATE + ": a label of 64"),
    ("\u2066\u202ahttp://foobar.پاکستان/\u202c\u2069", X, 31, VALIDATE),
    ("© ® ™", X, 6, NPM + ": alone they are no emoji"),
    ("©️", X, 2, NPM),
    ("1️", X, 3, NPM + ": a digit with a variation selector is no emoji"),
    ("☺︎", X, 4, NPM + ": as text"),
    ("🇩🇪🇩", X, 4, NPM),
    ("a\u200db", X, 3, NPM),
    ("\u1100\u1161", X, 2, NPM + ": jamo compose"),
    ("👨‍👩‍👧‍👦‍👦", X, 2, COUNTING + ": every emoji is 2, however joined"),
    ("see setup.py", X, 27, NPM + ": .py is a public domain"),
    ("example.com.", X, 24, NPM),
    ("(example.com)", X, 25, NPM),
    ("日本語example.com", X, 29, NPM + ": a bare host is Latin"),
    ("я.foo.google", X, 25, NPM),
    ("example.comだよ", X, 27, NPM),
    ("https://example.com/日本語", X, 29, NPM + ": a path is Latin or Cyrillic"),
    ("https://example.com/Русские_слова", X, 23, VALIDATE),
    ("http://例え.jp/あ", X, 25, NPM),
    ("例え.jp", X, 7, NPM + ": without a scheme it is text"),
    ("http://localhost/x", X, 18, NPM),
    ("http://1.2.3.4/", X, 15, NPM),
    ("http://user:pw@example.com/", X, 27, NPM),
    ("a@example.com @example.com #example.com", X, 39, NPM),
    ("example.com?x=1", X, 27, NPM + ": a query only behind a path"),
    ("example.com/?x=1", X, 23, NPM),
    ("https://example.com/a_(b_(c)_d)", X, 23, NPM),
    ("(https://example.com/a)", X, 25, NPM),
    ("“https://example.com/a”", X, 25, NPM),
    ("https://example.com/a。", X, 25, NPM),
    ("https://a_b.example.com:8080/a", X, 23, NPM),
    ("e.g. 3.14, x.example.com_y", X, 11 + 23 + 2, NPM),
    ("https://a.ie", MASTODON, 23, COUNTABLE),
    ("https://example.org/" + "long/" * 50, MASTODON, 23, COUNTABLE),
    ("example.org/" + "long/" * 4, MASTODON, 32, COUNTABLE + ": no scheme, no link"),
    ("https://example.org/a, (https://example.org/b).", MASTODON, 23 + 3 + 23 + 2, REGEX),
    ("https://例え.jp/あ。次", MASTODON, 23, REGEX + ": a path may hold any sign"),
    ("https://example.org/a_(b)!", MASTODON, 24, REGEX),
    ("https://example.org/?q=日本#上", MASTODON, 23, REGEX),
    ("http://localhost:8080/a/b/c/d/e/f/g", MASTODON, 35, REGEX + ": no public domain"),
    ("http://192.168.0.1/wiki/Main_Page", MASTODON, 33, REGEX),
    ("https://ada:secret@example.org/path", MASTODON, 35, REGEX),
    ("@ana@mastodon.social hello", MASTODON, 10, COUNTABLE),
    (".@ana@mastodon.social, @b@例え.jp!", MASTODON, 10, COUNTABLE),
    ("ana@mastodon.social", MASTODON, 19, COUNTABLE + ": a mail address"),
    ("https://mastodon.social/@ana@example.org", MASTODON, 23, COUNTABLE),
    (FAMILY + ZALGO, MASTODON, 6, COUNTABLE + ": grapheme clusters"),
]

LINK_TESTS = "https://github.com/bluesky-social/atproto/blob/main/packages/api/tests/rich-text-detection.test.ts"
FACETS: Sequence[tuple[str, Sequence[tuple[str, str]], str]] = [
    ("@handle.com middle end", [("mention", "handle.com")], LINK_TESTS),
    (
        "@full123-chars.test (@handle.com) @handle.com!@#$chars",
        [("mention", "full123-chars.test"), *[("mention", "handle.com")] * 2],
        LINK_TESTS,
    ),
    ("not@right.com @ana @3.14", [], LINK_TESTS + ": a handle is a domain"),
    (
        "start middle.com/foo/bar?baz=bux#hash end",
        [("link", "https://middle.com/foo/bar?baz=bux#hash")],
        LINK_TESTS,
    ),
    (
        "not.. a..url ..here e.g. something-cool.jpg website.com.jpg e.g./foo website.com.jpg/foo",
        [],
        LINK_TESTS,
    ),
    (
        "https://foo.com, https://bar.com/whatever; https://baz.com.",
        [
            ("link", "https://foo.com"),
            ("link", "https://bar.com/whatever"),
            ("link", "https://baz.com"),
        ],
        LINK_TESTS,
    ),
    (
        "(https://foo.com) https://foo.com/thing_(cool)",
        [("link", "https://foo.com"), ("link", "https://foo.com/thing_(cool)")],
        LINK_TESTS,
    ),
    ("bsky.app/profile#header", [("link", "https://bsky.app/profile#header")], LINK_TESTS),
    ("#a #b #1 #1a # #? ## x#no", [("tag", "a"), ("tag", "b"), ("tag", "1a")], LINK_TESTS),
    (
        "#double#rainbow ##hashash #n0n3s@n5e! #with,punctuation",
        [
            ("tag", "double#rainbow"),
            ("tag", "#hashash"),
            ("tag", "n0n3s@n5e"),
            ("tag", "with,punctuation"),
        ],
        LINK_TESTS,
    ),
    (
        "#punctuation, #like. #this! #multi_trailing___...",
        [("tag", "punctuation"), ("tag", "like"), ("tag", "this"), ("tag", "multi_trailing")],
        LINK_TESTS,
    ),
    ("#🦋 and #butter🦋fly", [("tag", "🦋"), ("tag", "butter🦋fly")], LINK_TESTS),
    ("#️⃣no ##️⃣yes", [("tag", "#️⃣yes")], LINK_TESTS),
    ("#\u200bno #a\u200bb ＃tag", [("tag", "a"), ("tag", "tag")], LINK_TESTS),
    (
        "#see:https://example.org/x",
        [("link", "https://example.org/x")],
        "platforms/bluesky.py: facets do not overlap, and the link wins",
    ),
]

FOUND: Mapping[str, Sequence[tuple[str, Limits, Sequence[str]]]] = {
    "link": [
        (
            "https://foo.com/thing_(cool), (https://foo.com).",
            PLAIN,
            ["https://foo.com/thing_(cool)", "https://foo.com"],
        ),
        ("[https://foo.com] <https://foo.com> “https://foo.com”", PLAIN, ["https://foo.com"] * 3),
        ("https://foo.com... https://foo.com/a…", PLAIN, ["https://foo.com", "https://foo.com/a"]),
        (
            "see school.ie! and www.example.org/a?b=c#d",
            PLAIN,
            ["https://school.ie", "https://www.example.org/a?b=c#d"],
        ),
        ("our-class.school is a domain", PLAIN, ["https://our-class.school"]),
        ("notes.md, setup.py, door.jpg, 3.14, e.g.this", PLAIN, []),
        ("me@school.org", PLAIN, []),
        ("//example.org javascript:alert(1) mailto:a@b.org", PLAIN, []),
        ("読んで https://例え.jp/あ。次", PLAIN, ["https://例え.jp/あ。次"]),
        ("読んで https://例え.jp/あ。", PLAIN, ["https://例え.jp/あ"]),
        ("https://foo.com」", PLAIN, ["https://foo.com"]),
        ("example.org and https://example.org", MASTODON, ["https://example.org"]),
        ("\u200fhttps://example.org\u200f", MASTODON, ["https://example.org"]),
    ],
    "mention": [
        ("@ana, (@ben) “@chloé", PLAIN, ["ana", "ben", "chlo"]),
        (
            "@ana@mastodon.social. @handle.bsky.social!",
            PLAIN,
            ["ana@mastodon.social", "handle.bsky.social"],
        ),
        ("mail ana@school.org, https://m.social/@ana, a/@b, @@c", PLAIN, []),
        (".@ana -@ben", PLAIN, ["ana", "ben"]),
    ],
    "tag": [
        ("#Teaching, (#EdTech) #1st_day.", PLAIN, ["Teaching", "EdTech", "1st_day"]),
        (
            "#Καλημέρα #हिन्दी #日本 ＃学校 #школа #مدرسة",
            PLAIN,
            ["Καλημέρα", "हिन्दी", "日本", "学校", "школа", "مدرسة"],
        ),
        ("#1 #2026 # ## C#sharp &#39; https://example.org/#tag /#x", PLAIN, []),
    ],
}
