"""The HTTP edge of a region: routes each AWS request to the process that answers it."""
