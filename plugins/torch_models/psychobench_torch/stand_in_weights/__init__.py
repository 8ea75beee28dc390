"""What makes the stand-in weights: rendered objects and people, pre-training, probes."""
