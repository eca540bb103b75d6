"""URLs that are told of jobs' ends."""
