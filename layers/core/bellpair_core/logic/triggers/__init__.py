"""What makes jobs by itself: objects, events, schedules, queues."""
