import pytest

from scheduler.rendering.finding import spans
from scheduler.rendering.markdown import as_html


@pytest.mark.parametrize(("text", "expected"), [
    ("https://foo.com/thing_(cool), (https://foo.com).", ["https://foo.com/thing_(cool)", "https://foo.com"]),
    ("see school.ie! and www.example.org/a?b=c#d", ["https://school.ie", "https://www.example.org/a?b=c#d"]),
    ("our-class.school is a domain", ["https://our-class.school"]),
    ("notes.md, setup.py, door.jpg, 3.14, e.g.this", []),
    ("me@school.org", []),
    ("//example.org javascript:alert(1) mailto:a@b.org", []),
    ("読んで https://例え.jp/あ。次", ["https://例え.jp/あ。次"]),
    ("読んで https://例え.jp/あ。", ["https://例え.jp/あ"]),
])
def test_links_are_found_where_a_reader_sees_one(text: str, expected: list[str]) -> None:
    assert [span.value for span in spans(text) if span.kind == "link"] == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("@ana, (@ben) “@chloé", ["ana", "ben", "chlo"]),
    ("@ana@mastodon.social. @handle.bsky.social!", ["ana@mastodon.social", "handle.bsky.social"]),
    ("mail ana@school.org, https://m.social/@ana, a/@b, @@c", []),
])
def test_mentions_are_found_with_and_without_a_server(text: str, expected: list[str]) -> None:
    assert [span.value for span in spans(text) if span.kind == "mention"] == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("#Teaching, (#EdTech) #1st_day.", ["Teaching", "EdTech", "1st_day"]),
    ("#Καλημέρα #हिन्दी #日本 ＃学校 #школа #مدرسة", ["Καλημέρα", "हिन्दी", "日本", "学校", "школа", "مدرسة"]),
    ("#1 #2026 # ## C#sharp &#39; https://example.org/#tag /#x", []),
])
def test_tags_are_found_in_any_script_and_never_in_a_link(text: str, expected: list[str]) -> None:
    assert [span.value for span in spans(text) if span.kind == "tag"] == expected


def test_offsets_are_code_points_in_order() -> None:
    text = "✨ example mentioning @atproto.com to share the URL 👨‍❤️‍👨 https://en.wikipedia.org/wiki/CBOR."

    found = spans(text)

    assert [text[span.start:span.end] for span in found] == ["@atproto.com", "https://en.wikipedia.org/wiki/CBOR"]
    # The check values that Bluesky documents, in UTF-8 bytes.
    assert [(len(text[:span.start].encode()), len(text[:span.end].encode())) for span in found] == [(23, 35), (74, 108)]


def test_markdown_becomes_html_that_can_do_no_harm() -> None:
    html = as_html("**Hi** <script>alert(1)</script><b onclick='x'>b</b> [x](javascript:alert(1)) school.ie notes.md\nnext")

    assert html == ('<p><strong>Hi</strong> b [x](javascript:alert(1)) <a href="https://school.ie">school.ie</a> notes.md<br>\nnext</p>')
