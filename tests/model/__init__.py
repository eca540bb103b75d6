"""The failover protocol, checked exhaustively by spin."""
