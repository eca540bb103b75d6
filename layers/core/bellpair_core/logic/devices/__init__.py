"""What is known of devices: their properties, their calibrations, how they did of late."""
