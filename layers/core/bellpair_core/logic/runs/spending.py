"""What calls cost, and the caps that stop a function before it would pass them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime

from bellpair_core.model.device import TaskPrice
from bellpair_core.model.job import Job
from bellpair_core.model.tenant import Tenant
from bellpair_core.ports import Clock, Journal

_BILLED_SECONDS_MIN = 3.0
"""Amazon Braket bills a simulator's task by the minute, but for so many seconds at least."""

_ROUNDING_USD = 1e-9


class CapReached(Exception):
    """The next call would pass a cost cap; the message says which, and what to do.

    Parameters
    ----------
    needs_usd
        The least cap with which the call can be made, where it is the invocation's own.
    """

    def __init__(self, message: str, needs_usd: float | None = None) -> None:
        super().__init__(message)
        self.needs_usd = needs_usd


def known_cost(price: TaskPrice, shots: Iterable[int]) -> float:
    """What tasks cost at least, US dollars: as much as is known before they run."""
    seconds = _BILLED_SECONDS_MIN if price.per_minute_usd else 0.0
    return sum(price.of(taken, seconds) for taken in shots)


def month_of(at: datetime) -> str:
    """The month that spending at this time counts for."""
    return at.strftime("%Y-%m")


class Spending:
    """Holds functions to their caps.

    An invocation's spending is part of its journal, and so is exact. A tenant's is a counter
    beside it: a crash between the two may leave it too high by one call, never too low by one
    that was reserved. Tenants without a cap are not counted. A call counts for the month that it
    was reserved in.

    Parameters
    ----------
    tenant
        A tenant by name, a little old at most.
    """

    def __init__(
        self, journal: Journal, clock: Clock, tenant: Callable[[str], Tenant | None]
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._tenant = tenant

    def reserve(self, job: Job, spent: float, usd: float) -> str | None:
        """Let pass a call that costs ``usd``, or at least that much.

        Returns
        -------
        str or None
            The month that it is counted in, for `adjust`; ``None`` where it is not counted.

        Parameters
        ----------
        spent
            What the job's calls cost and reserve so far.

        Raises
        ------
        CapReached
            When it would pass the invocation's cap or the tenant's; nothing is reserved.
        TransientFault
            When the counter could not be reached.
        """
        cap = job.function.max_cost_usd if job.function else None
        if cap is not None and spent + usd > cap + _ROUNDING_USD:
            needs = _rounded_up(spent + usd)
            raise CapReached(
                f"The cost cap of {_usd(cap)} is reached: {_usd(spent)} are spent or reserved,"
                f" and the next call needs {_usd(usd)}. Resume the job with max_cost_usd of at"
                f" least {_usd(needs)}.",
                needs,
            )
        monthly = self._monthly(job.tenant)
        if monthly is None:
            return None
        month = month_of(self._clock())
        if not self._journal.reserve(job.tenant, month, usd, monthly):
            raise CapReached(
                f"The tenant's cap of {_usd(monthly)} for {month} is reached:"
                f" {_usd(self._journal.spent(job.tenant, month))} are spent or reserved, and the"
                f" next call needs {_usd(usd)}. Have an operator raise the cap, then resume the"
                " job."
            )
        return month

    def adjust(self, job: Job, month: str | None, usd: float) -> None:
        """Count what a call cost more than was reserved for it, or give back what it did not.

        Parameters
        ----------
        month
            In which it was reserved. Its end counts there too, whenever it comes, and whatever
            cap the tenant has by then.
        """
        if month is not None and abs(usd) > _ROUNDING_USD:
            self._journal.reserve(job.tenant, month, usd, None)

    def _monthly(self, name: str) -> float | None:
        tenant = self._tenant(name)
        return tenant.max_usd_per_month if tenant else None


def _rounded_up(amount: float) -> float:
    """An amount that is enough also as it is shown, in millionths."""
    return math.ceil(round(amount * 1e6, 3)) / 1e6


def _usd(amount: float) -> str:
    text = f"{amount:.6f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')} USD"
