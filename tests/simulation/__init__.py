"""Two regions, a witness, device services and clients in simulated time; see docs/simulation.md."""
