"""The estimates of costs add up, at the prices by which jobs are billed."""

from __future__ import annotations

import ast
import operator
import re
from typing import NamedTuple

import pytest

from bellpair_core.model import usage
from tests.unit.docs.shown import ROOT

pytestmark = pytest.mark.unit

TEXT = (ROOT / "docs" / "operations" / "deploy.md").read_text()
ROW = re.compile(r"^\| ([^|*]+) \| `([^`]+)`[^|]* \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
SUM = re.compile(r"^\| \*\*together\*\* \| \| \| \*\*([\d.]+)\*\* \|$", re.MULTILINE)
SECTIONS = {"### At rest": 1.0, "### For 1,000 Bell jobs": 1000.0}
PRICES = {
    "function": usage.LAMBDA_GB_SECOND_USD,
    "calls of functions": usage.LAMBDA_REQUEST_USD,
    "state transitions": usage.STATE_TRANSITION_USD,
    "ledger writes": usage.REPLICATED_WRITE_UNIT_USD,
    "beats": usage.REPLICATED_WRITE_UNIT_USD,
    "ledger reads": usage.READ_UNIT_USD,
    "reads of": usage.READ_UNIT_USD,
    "API requests": usage.API_REQUEST_USD,
    "queue requests": usage.SQS_REQUEST_USD,
    "waiting at queues": usage.SQS_REQUEST_USD,
    "sentinels": usage.LAMBDA_GB_SECOND_USD,
}
"""How a row begins -> its price, where the platform itself bills by it."""


class Row(NamedTuple):
    what: str
    quantity: float
    price: float
    shown: float


def section(heading: str) -> str:
    begin = TEXT.index(heading)
    return TEXT[begin : TEXT.find("\n##", begin + 4)]


def rows(heading: str) -> list[Row]:
    return [
        Row(what, value(quantity), float(price), float(shown))
        for what, quantity, price, shown in ROW.findall(section(heading))
    ]


@pytest.mark.parametrize("heading", SECTIONS)
def test_each_row_is_quantity_times_price_and_they_add_up(heading: str) -> None:
    found = rows(heading)
    decimals = 2 if SECTIONS[heading] == 1 else 4

    assert len(found) >= 10
    for row in found:
        assert row.shown == round(row.quantity * row.price * SECTIONS[heading], decimals), row.what
    (total,) = SUM.findall(section(heading))
    assert float(total) == round(sum(row.shown for row in found), decimals)
    table = [line for line in section(heading).splitlines() if line.startswith("|")]
    assert len(found) == len(table) - 3, "a row is not understood"


@pytest.mark.parametrize("heading", SECTIONS)
def test_prices_are_those_by_which_jobs_are_billed(heading: str) -> None:
    for row in rows(heading):
        for beginning, price in PRICES.items():
            if row.what.startswith(beginning):
                assert row.price == pytest.approx(price, rel=1e-5), row.what
    assert f"as of\n{usage.PRICES_AS_OF}" in TEXT or f"as of {usage.PRICES_AS_OF}" in TEXT


_OPERATIONS = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value(expression: str) -> float:
    """What a sum of products of numbers comes to."""

    def of(node: ast.expr) -> float:
        if isinstance(node, ast.BinOp):
            return float(_OPERATIONS[type(node.op)](of(node.left), of(node.right)))
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int | float)
        return float(node.value)

    return of(ast.parse(expression, mode="eval").body)
