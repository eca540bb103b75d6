"""The process executor in a real LocalStack of its own."""
