"""LocalStack without Docker, Java or downloads: plug-ins for what it would fetch."""
