"""Options: the table, the decorators, and what the compiler does for them."""
