"""Counts as bars of text."""

from __future__ import annotations

from bellpair.cli.histogram import histogram
from bellpair.result import Result


def lines_of(counts: dict[str, int], width: int = 80, **more: object) -> list[str]:
    result = Result(job_id="job-1", counts=counts, shots=sum(counts.values()))
    return [line.plain for line in histogram(result, width, **more)]  # type: ignore[arg-type]


def test_outcomes_stand_in_the_order_of_their_counts() -> None:
    lines = lines_of({"00": 10, "01": 30, "10": 60})
    assert [line[:2] for line in lines] == ["10", "01", "00"]
    assert [line.split()[-2:] for line in lines] == [
        ["60.0%", "60"],
        ["30.0%", "30"],
        ["10.0%", "10"],
    ]


def test_bars_are_in_proportion_and_the_longest_fills_its_column() -> None:
    tall, half = lines_of({"0": 80, "1": 40})
    assert tall.count("█") == 2 * half.count("█") > 10


def test_a_single_shot_among_many_is_still_seen() -> None:
    assert "▏" in lines_of({"0": 100_000, "1": 1})[1]
    assert "#" in lines_of({"0": 100_000, "1": 1}, unicode=False)[1]


def test_many_outcomes_are_summed_up() -> None:
    lines = lines_of({f"{i:05b}": 32 - i for i in range(32)}, top=4)
    assert len(lines) == 5
    assert lines[-1].startswith("28 others")
    assert lines[-1].endswith(f"{sum(range(1, 29))}")


def test_one_more_than_the_top_is_one_other() -> None:
    assert lines_of({"0": 2, "1": 1}, top=1)[-1].startswith("1 other ")


def test_lines_fit_their_width_and_end_alike() -> None:
    counts = {"1" * 100: 90_000, "0" * 100: 9, "01" * 50: 991}
    for width in (70, 80, 120):
        lines = lines_of(counts, width)
        assert max(map(len, lines)) <= width
        assert len({len(line) for line in lines}) == 1


def test_ascii_does_for_terminals_without_unicode() -> None:
    assert all(line.isascii() for line in lines_of({"0" * 60: 2, "1" * 60: 1}, unicode=False))


def test_no_counts_make_no_lines() -> None:
    assert lines_of({}) == []
