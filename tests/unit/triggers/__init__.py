"""Triggers, without a wire."""
