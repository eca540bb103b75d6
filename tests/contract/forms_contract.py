"""What every cache of compiled forms does."""

from __future__ import annotations

from datetime import timedelta

from bellpair_core.model.limits import COMPILED_FORM_BYTES_MAX, COMPILED_FORM_TTL
from bellpair_core.ports import CompiledForms
from tests.fakes import FakeClock

FORM = {"program": "OPENQASM 3.0;", "bits": [0, None], "metrics": {"estimated_success": 0.75}}


class FormsContract:
    """Tests that the implementations of `CompiledForms` share."""

    def test_gives_back_what_was_kept(self, forms: CompiledForms) -> None:
        forms.put("a" * 64, FORM)

        assert forms.get("a" * 64) == FORM

    def test_knows_nothing_under_another_key(self, forms: CompiledForms) -> None:
        forms.put("a" * 64, FORM)

        assert forms.get("b" * 64) is None

    def test_keeps_the_last_of_two(self, forms: CompiledForms) -> None:
        forms.put("c" * 64, {"older": 1})
        forms.put("c" * 64, FORM)

        assert forms.get("c" * 64) == FORM

    def test_forgets_in_time(self, forms: CompiledForms, clock: FakeClock) -> None:
        forms.put("d" * 64, FORM)

        clock.advance(COMPILED_FORM_TTL - timedelta(seconds=2))
        assert forms.get("d" * 64) == FORM
        clock.advance(timedelta(seconds=3))
        assert forms.get("d" * 64) is None

    def test_passes_over_what_is_too_large(self, forms: CompiledForms) -> None:
        forms.put("e" * 64, {"program": "x" * COMPILED_FORM_BYTES_MAX})

        assert forms.get("e" * 64) is None
