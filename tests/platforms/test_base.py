from platforms.base import Request, filled, in_url


def test_a_text_that_names_a_secret_does_not_publish_it() -> None:
    request = Request(step="message", url="{webhook}?wait=true", json={"content": "our {webhook}"})

    signed = in_url(request, {"webhook": "https://x.test/s3cret"})

    assert signed.url == "https://x.test/s3cret?wait=true"
    assert signed.json == {"content": "our {webhook}"}


def test_a_sign_in_carries_its_secret_in_the_body() -> None:
    assert filled(Request(step="session", url="https://x.test", json={"password": "{p}"}), {"p": "s3cret"}).json == {"password": "s3cret"}
