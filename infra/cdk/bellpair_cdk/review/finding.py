"""What a review found: where, against which rule, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong with a template.

    Parameters
    ----------
    template
        The stack's name.
    logical_id
        The resource in it; empty for what is wrong with the template as a whole.
    rule
        ``<theme>/<rule>``; for other tools' rules, the tool and the name that it gives them.
    said
        What is wrong, and what to do.
    """

    template: str
    logical_id: str
    rule: str
    said: str

    def __str__(self) -> str:
        return f"{self.template} {self.logical_id or '(template)'} {self.rule}: {self.said}"

    def as_dict(self) -> dict[str, str]:
        """Return the finding as JSON has it."""
        return asdict(self)
