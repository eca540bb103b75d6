"""The review of what was synthesized: one module for each theme, and the tools that others made.

Each theme is a function from templates to findings, so a test can hand it a template that is
broken on purpose.
"""
