"""`media_host` in config.yaml: what it takes, what is wrong with it, that it holds secrets, and what doctor says of it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from platforms.base import LoginNeeded
from scheduler.engine.hosting import where
from scheduler.engine.replanning import portable
from tests.cli.support import lines, termbell
from tests.test_config_reporting import problems, read, written

FOLDER = "media_host:\n  kind: folder\n  folder: public/media\n  url: http://127.0.0.1:9\n"
S3 = "media_host: {kind: s3, bucket: school, access_key: '${KEY}', secret_key: !secret s3}\n"


def test_it_is_read_with_its_defaults_and_its_secrets_stay_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("KEY", "AKIA5CHOOL")
    config, credentials = read(tmp_path, S3)
    credentials.keep_named("s3", "s3cret-of-the-store")
    host = config.media_host

    assert host is not None
    assert (host.kind, host.settings) == (
        "s3",
        {"bucket": "school", "region": "us-east-1", "endpoint": None, "prefix": "termbell"},
    )
    assert [credentials.address(one) for one in host.secrets] == [
        "AKIA5CHOOL",
        "s3cret-of-the-store",
    ]
    assert "s3cret-of-the-store" in credentials.all_values()
    assert portable(config).media_host == host


def test_a_secret_that_stands_in_it_is_not_shown(tmp_path: Path):
    config, _ = read(
        tmp_path,
        "media_host: {kind: wordpress, server: 'https://wp.test/', user: anna, password: in-plain-sight}\n",
    )

    assert "in-plain-sight" not in repr(config)
    assert config.media_host
    assert where(config.media_host) == "wordpress https://wp.test"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            "media_host: s3\n",
            "config.yaml:3: media_host: a mapping has to stand here, e.g. {kind: folder, folder: /var/www/media, "
            "url: https://school.example.org/media}",
        ),
        (
            "media_host: {bucket: x}\n",
            "config.yaml:3: media_host: `kind` is missing; there are: s3, wordpress, folder, e.g. {kind: folder, "
            "folder: /var/www/media, url: https://school.example.org/media}",
        ),
        (
            "media_host:\n  kind: s4\n",
            "config.yaml:4: media_host: `kind` cannot be 's4'; there are: folder, s3, wordpress",
        ),
        (
            "media_host:\n  kind: folder\n  folder: public\n",
            "config.yaml:3: media_host: folder needs `url`, e.g. {kind: folder, folder: /var/www/media, url: https://school.example.org/media}",
        ),
        (
            "media_host:\n  kind: folder\n  folder: public\n  url: school.example.org\n",
            "config.yaml:6: media_host: `url` has to begin with https:// or http://, not 'school.example.org'",
        ),
        (
            "media_host:\n  kind: folder\n  folder: public\n  url: https://x.test\n  bucket: x\n",
            "config.yaml:7: media_host: no key is called 'bucket'; there are: folder, kind, url",
        ),
        (
            "media_host:\n  kind: folder\n  folder: ${NOWHERE}\n  url: https://x.test\n",
            "config.yaml:5: media_host: `folder` needs ${NOWHERE}, and the environment has none",
        ),
    ],
)
def test_what_is_wrong_with_it_is_said_with_its_line(written: str, said: str, tmp_path: Path):
    assert problems(tmp_path, written) == [f"error {said}"]


def test_a_missing_variable_is_named_where_it_is_needed(tmp_path: Path):
    config, credentials = read(tmp_path, S3)

    assert config.media_host
    with pytest.raises(
        LoginNeeded,
        match=r"config.yaml:3: media_host.access_key: the environment variable KEY is not set",
    ):
        credentials.address(config.media_host.secrets[0])


# What doctor says of it


def findings(
    folder: Path, more: str, *options: str, env: Mapping[str, str] | None = None
) -> list[str]:
    ended = termbell("doctor", "--json", *options, "-c", written(folder, more), env=env)
    return [
        f"{'ok' if one['ok'] else 'wrong'} {one['message']}"
        for one in json.loads(ended.stdout)["findings"]
        if "media" in one["message"]
    ]


def test_doctor_names_it_and_sends_nothing_unasked(tmp_path: Path):
    assert findings(tmp_path, FOLDER) == [
        f"ok media_host is folder {tmp_path / 'public/media'}; `termbell doctor --media-host` tries it out"
    ]
    assert not (tmp_path / "public/media").exists()


def test_doctor_says_which_secret_is_missing(tmp_path: Path):
    assert findings(tmp_path, S3) == [
        "wrong config.yaml:3: media_host.access_key: the environment variable KEY is not set"
    ]


def test_doctor_tries_it_out_and_leaves_nothing_behind(tmp_path: Path):
    _, found = findings(tmp_path, FOLDER, "--media-host")

    assert found.startswith(
        "wrong what is put on media_host cannot be fetched from there: 127.0.0.1 is on this machine or in a private"
    )
    assert [
        file.name for file in (tmp_path / "public/media").iterdir() if "termbell-" in file.name
    ] == []


def test_doctor_has_none_to_try(tmp_path: Path):
    assert findings(tmp_path, "", "--media-host") == [
        "wrong config.yaml has no `media_host`; docs/media-host.md says which there are"
    ]
    assert "media_host" not in lines(termbell("doctor", "-c", tmp_path / "config.yaml"))
