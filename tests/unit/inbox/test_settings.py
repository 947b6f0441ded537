"""What the environment may say of private networks, and what is refused with a sentence."""

from __future__ import annotations

import pytest

from inbox.settings import Settings, SettingsError

NAME = "TANDEM_PRIVATE_NETWORKS"


def test_private_networks() -> None:
    found = Settings.from_environment({NAME: "10.20.0.0/16, fd12:3456::/32,127.0.0.1"}).private_networks
    assert [str(one) for one in found] == ["10.20.0.0/16", "fd12:3456::/32", "127.0.0.1/32"]
    assert Settings.from_environment({}).private_networks == ()


@pytest.mark.parametrize(
    "bad",
    ["0.0.0.0/0", "::/0", "169.254.169.254", "169.254.0.0/16", "fe80::/10", "10.0.0.1/8", "intranet", "10.0.0.0/8,"],
)
def test_what_may_not_be_named(bad: str) -> None:
    with pytest.raises(SettingsError, match=NAME):
        Settings.from_environment({NAME: bad})


@pytest.mark.parametrize(
    ("given", "meant"), [("90", "90/minute"), ("90/minute", "90/minute"), ("5/second", "5/second")]
)
def test_rates(given: str, meant: str) -> None:
    assert Settings.from_environment({"TANDEM_RATE_MESSAGES": given}).rate_messages == meant


@pytest.mark.parametrize("bad", ["0", "-1", "x", "60/", "/minute", "60/week", "1.5", "٦٠"])
def test_what_is_no_rate(bad: str) -> None:
    with pytest.raises(SettingsError, match="TANDEM_RATE_MESSAGES must be a rate"):
        Settings.from_environment({"TANDEM_RATE_MESSAGES": bad})


def test_the_models_hosts_hold_no_secret() -> None:
    given = "https://who:word@models.example:8443/v1?key=s3cr3t, http://[::1]/v1"
    hosts = Settings.from_environment({"OPENAI_BASE_URL": given}).model_hosts
    assert hosts == ("models.example:8443", "[::1]")
    assert Settings(openai_api_key="sk").model_hosts == ("api.openai.com",)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("TANDEM_DATABASE_URL", "Did you mean DATABASE_URL?"),
        ("TANDEM_PROT", "Did you mean TANDEM_PORT?"),
        ("TANDEM_COLOUR", "Known ones: DATABASE_URL, "),
    ],
)
def test_a_setting_that_is_none(name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not a setting of Tandem. ") as refused:
        Settings.from_environment({name: "x"})
    assert said in str(refused.value)
