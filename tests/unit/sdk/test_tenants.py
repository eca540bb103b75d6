"""Tenants, their keys and what they may spend, from the command line and from Python."""

from __future__ import annotations

import pytest

from bellpair import Client, InvalidRequest
from bellpair.cli.exits import ExitCode
from tests.unit.sdk.fake_api import OPERATOR_KEY, FakeLedger, FakeRegion
from tests.unit.sdk.shell import Shell


def test_a_new_tenants_key_is_printed_once_and_alone(shell: Shell, ledger: FakeLedger) -> None:
    assert shell("tenants", "create", "acme").exit_code == ExitCode.SERVICE
    shell.environ["BELLPAIR_API_KEY"] = OPERATOR_KEY
    result = shell("tenants", "create", "acme", "--role", "tenant-admin")
    assert result.stdout == "bp_11112222_new\n"
    assert "will not be shown again" in result.stderr
    assert shell.json("tenants", "create", "other")["api_key"] == "bp_11112222_new"
    assert ledger.tenants == ["acme", "other"]


def test_a_tenant_gets_a_further_key_that_is_printed_once_and_alone(
    shell: Shell, east: FakeRegion
) -> None:
    result = shell("tenants", "keys", "create", "acme", "--role", "tenant-admin")
    assert result.stdout == "bp_33334444_further\n"
    assert "Tenant acme has a key with the role tenant-admin" in result.stderr
    issued = shell.json("tenants", "keys", "create", "acme")
    assert (issued["tenant"], issued["role"], issued["key_id"]) == ("acme", "user", "33334444")
    assert [seen.body for seen in east.seen] == [{"role": "tenant-admin"}, {"role": "user"}]
    missing = shell("tenants", "keys", "create", "nobody")
    assert (missing.exit_code, missing.stdout) == (ExitCode.REJECTED, "")


def test_a_key_is_disabled_by_its_id(shell: Shell, ledger: FakeLedger) -> None:
    assert "0a1b2c3d" in shell("tenants", "keys", "disable", "acme", "0a1b2c3d").stderr
    assert ledger.keys == {("acme", "0a1b2c3d"): "disabled"}
    assert shell.json("tenants", "keys", "disable", "acme", "0a1b2c3d")["disabled"] is True
    assert shell("tenants", "keys", "disable", "blue", "0a1b2c3d").exit_code == ExitCode.REJECTED


def test_a_whole_key_in_place_of_its_id_is_neither_sent_nor_shown(
    shell: Shell, east: FakeRegion
) -> None:
    result = shell("tenants", "keys", "disable", "acme", OPERATOR_KEY)

    assert result.exit_code == ExitCode.REJECTED
    assert OPERATOR_KEY not in result.stdout + result.stderr
    assert east.seen == []


def test_a_tenants_month_is_capped_shown_and_set_free_again(
    shell: Shell, ledger: FakeLedger
) -> None:
    shell.environ["BELLPAIR_API_KEY"] = OPERATOR_KEY

    assert shell("tenants", "cap", "acme", "2000").stdout.split("acme ")[1] == (
        "spent US$ 1,234.50 of US$ 2,000.00, in 2026-01 (UTC).\n"
    )
    assert ledger.caps == {"acme": 2000.0}
    shown = {"tenant": "acme", "month": "2026-01", "spent_usd": 1234.5, "max_usd_per_month": 2000}
    assert shell.json("tenants", "spending", "acme") == shown
    assert shell.json("tenants", "cap", "acme") == shown
    unknown = {"spent_usd": None, "max_usd_per_month": None}
    assert shell.json("tenants", "cap", "acme", "none") == shown | unknown
    assert ledger.caps == {"acme": None}
    assert "has no cap" in shell("tenants", "spending", "acme").stdout


def test_only_an_operator_caps_a_tenants_month(shell: Shell, ledger: FakeLedger) -> None:
    result = shell("tenants", "cap", "acme", "10")

    assert (result.exit_code, result.stdout) == (ExitCode.SERVICE, "")
    assert "needs an API key with the role operator" in result.stderr
    assert "Use a key with the role operator." in result.stderr
    refused = shell.json("tenants", "cap", "acme", "10", code=ExitCode.SERVICE)
    assert refused["error"]["code"] == "forbidden"
    assert ledger.caps == {"acme": None}


@pytest.mark.parametrize("amount", ["nan", "inf", "ten", "1e999", "$5"])
def test_what_is_no_amount_of_money_is_wrong_usage(
    shell: Shell, east: FakeRegion, amount: str
) -> None:
    result = shell("tenants", "cap", "acme", amount)

    assert result.exit_code == ExitCode.USAGE
    assert "is not an amount of US dollars" in " ".join(result.stderr.replace("│", "").split())
    assert east.seen == []


@pytest.mark.parametrize("cap", [-1.0, float("nan"), float("inf")])
def test_the_client_sends_no_cap_that_is_no_amount(east: FakeRegion, cap: float) -> None:
    with Client([east.url], OPERATOR_KEY) as client, pytest.raises(InvalidRequest):
        client.set_tenant_cap("acme", cap)
    assert east.seen == []
