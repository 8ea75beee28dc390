"""What makes the stand-in weights: rendered objects and people, first use, linear probes."""
