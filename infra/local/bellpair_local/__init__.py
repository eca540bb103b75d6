"""Two AWS regions, a witness and Amazon Braket on one machine, without containers."""
