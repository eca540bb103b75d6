"""What `sampling` and `estimation` are asked for, looked at before anything runs."""
