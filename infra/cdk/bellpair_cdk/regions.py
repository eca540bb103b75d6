"""Which regions a pair can be made of: what AWS has where, in two tables."""

from __future__ import annotations

CONSISTENT = {
    "US": ("us-east-1", "us-east-2", "us-west-2"),
    "EU": ("eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1"),
    "AP": ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
}
"""The region sets in which DynamoDB keeps a table strongly consistent across regions.

Replicas and witness of one table are all in one set.
"""

BRAKET = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2", "eu-north-1")
"""The regions in which Amazon Braket answers."""


def unfit(region: str, secondary_region: str, witness_region: str) -> str | None:
    """Return why these three make no pair with its witness, and what to do; nothing if they do."""
    placed = {
        "region": region,
        "secondary_region": secondary_region,
        "witness_region": witness_region,
    }
    for key, value in placed.items():
        if not any(value in regions for regions in CONSISTENT.values()):
            return (
                f"{key} = {value!r} is in no set of regions in which a table is strongly "
                f"consistent; choose all three of one set: {_sets()}"
            )
    if problem := _twice(placed):
        return problem
    home = next(name for name, regions in CONSISTENT.items() if region in regions)
    for key, value in placed.items():
        if value not in CONSISTENT[home]:
            return (
                f"{key} = {value!r} is outside the region set {home} of region = {region!r}, and "
                "a table is strongly consistent within one set only; choose it from "
                f"{', '.join(CONSISTENT[home])}"
            )
    for key in ("region", "secondary_region"):
        if placed[key] not in BRAKET:
            return (
                f"{key} = {placed[key]!r} has no Amazon Braket, and each region of a pair makes "
                f"tasks and keeps their results; choose region and secondary_region from {_pairs()}"
            )
    return None


def _twice(placed: dict[str, str]) -> str | None:
    seen: dict[str, str] = {}
    for key, value in placed.items():
        if first := seen.get(value):
            return (
                f"{key} = {value!r} is {first} too: region, secondary_region and witness_region "
                "must be three regions, so that the loss of one leaves two; choose another "
                f"{key} from {_sets()}"
            )
        seen[value] = key
    return None


def _pairs() -> str:
    able = [[r for r in regions if r in BRAKET] for regions in CONSISTENT.values()]
    return "; ".join(", ".join(regions) for regions in able if len(regions) >= 2)


def _sets() -> str:
    return "; ".join(f"{name}: {', '.join(regions)}" for name, regions in CONSISTENT.items())
