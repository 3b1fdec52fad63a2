"""A platform that gives no way to know: it takes a post, answers with a number, lists nothing and recognises no second sending."""

from dataclasses import replace

from tests.acceptance import plain

PLATFORM = replace(plain.PLATFORM, name="noticeboard")
