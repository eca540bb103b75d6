"""The HTTP conventions: bodies, problem documents, request and trace ids, the API's schema."""
