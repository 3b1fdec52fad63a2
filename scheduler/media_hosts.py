"""The kinds of `media_host` there are, as rows: where a file can stand for platforms that fetch it from a public address.

Reading config.yaml, its errors, the schema and docs/media-host.md follow from them. What is done there: `engine/hosting.py`.
"""

from dataclasses import dataclass
from pathlib import Path

from platforms.base import Setting


@dataclass(frozen=True, kw_only=True)
class Kind:
    settings: tuple[Setting, ...]
    secrets: tuple[str, ...] = ()
    example: str  # as it stands in config.yaml


ADDRESSES = ("endpoint", "server", "url")  # settings that begin with https:// or http://
KINDS = {
    "s3": Kind(
        settings=(
            Setting(name="bucket", meaning="the bucket; it may stay private", required=True),
            Setting(
                name="region",
                meaning="the bucket's region; most stores beside Amazon's take any",
                default="us-east-1",
            ),
            Setting(
                name="endpoint", meaning="the store's address; left out, Amazon's of the region"
            ),
            Setting(name="prefix", meaning="a folder in the bucket", default="termbell"),
        ),
        secrets=("access_key", "secret_key"),
        example="{kind: s3, bucket: school-media, region: eu-central-1, access_key: ${S3_ACCESS_KEY}, secret_key: ${S3_SECRET_KEY}}",
    ),
    "wordpress": Kind(
        settings=(
            Setting(name="server", meaning="your WordPress, as readers find it", required=True),
        ),
        secrets=("user", "password"),
        example="{kind: wordpress, server: https://school.example.org, user: ${WP_USER}, password: ${WP_APP_PASSWORD}}",
    ),
    "folder": Kind(
        settings=(
            Setting(
                name="folder",
                meaning="a folder that your web server serves",
                type=Path,
                required=True,
            ),
            Setting(name="url", meaning="its address", required=True),
        ),
        example="{kind: folder, folder: /var/www/media, url: https://school.example.org/media}",
    ),
}
EXAMPLE = KINDS["folder"].example
