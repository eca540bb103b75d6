"""The client library and the command line, over real HTTP to a small double of the API."""
