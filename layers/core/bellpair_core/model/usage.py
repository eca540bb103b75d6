"""What a job consumed, and what that costs at AWS list prices."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

PRICES_AS_OF = "2025-12"
"""AWS list prices of us-east-1, US dollars, before any free tier."""

LAMBDA_GB_SECOND_USD = 0.0000166667
LAMBDA_REQUEST_USD = 0.20 / 1_000_000
STATE_TRANSITION_USD = 0.025 / 1_000
REPLICATED_WRITE_UNIT_USD = 0.625 / 1_000_000
"""One write unit in one replica region; an MRSC write pays it in both."""
READ_UNIT_USD = 0.125 / 1_000_000
API_REQUEST_USD = 3.50 / 1_000_000
SQS_REQUEST_USD = 0.40 / 1_000_000
QPU_TASK_USD = 0.30
"""What Amazon Braket charges for each task on a QPU, besides its shots."""
REPLICAS = 2


class Usage(BaseModel):
    """Resources, as counted while the job ran.

    Attributes
    ----------
    lambda_gb_s
        Function time times memory, GB-seconds.
    write_units, read_units
        DynamoDB request units as the service reported them, for one replica; ``writes`` is the
        number of writes that they were reported for.
    """

    model_config = ConfigDict(frozen=True)

    lambda_gb_s: float = 0.0
    lambda_requests: int = 0
    state_transitions: int = 0
    writes: int = 0
    write_units: float = 0.0
    read_units: float = 0.0
    api_requests: int = 0
    queue_requests: int = 0
    device_usd: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        mine, theirs = self.model_dump(), other.model_dump()
        return Usage(**{name: mine[name] + theirs[name] for name in mine})

    def rounded(self) -> Usage:
        """The same, without digits that no bill shows: for what is written often."""
        return self.model_copy(
            update={
                "lambda_gb_s": round(self.lambda_gb_s, 5),
                "write_units": round(self.write_units, 1),
                "read_units": round(self.read_units, 1),
            }
        )

    def bill(self) -> dict[str, object]:
        """Each item with its amount, unit and price, and the total in US dollars."""
        rows = [
            ("Lambda time", self.lambda_gb_s, "GB-s", LAMBDA_GB_SECOND_USD),
            ("Lambda requests", self.lambda_requests, "requests", LAMBDA_REQUEST_USD),
            ("State transitions", self.state_transitions, "transitions", STATE_TRANSITION_USD),
            (
                "Ledger writes",
                self.write_units * REPLICAS,
                "replicated write units",
                REPLICATED_WRITE_UNIT_USD,
            ),
            ("Ledger and catalogue reads", self.read_units, "read units", READ_UNIT_USD),
            ("API requests", self.api_requests, "requests", API_REQUEST_USD),
            ("Queue requests", self.queue_requests, "requests", SQS_REQUEST_USD),
            ("Device", self.device_usd, "USD", 1.0),
        ]
        items = [
            {"what": what, "amount": round(amount, 6), "unit": unit, "usd": amount * price}
            for what, amount, unit, price in rows
        ]
        return {
            **self.model_dump(),
            "items": items,
            "total_usd": sum(amount * price for _, amount, _, price in rows),
            "prices_as_of": PRICES_AS_OF,
        }
