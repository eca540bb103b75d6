"""A function's runs: what it may ask for, what its calls come to, and how it waits."""
