"""What is kept in files: weights, checkpoints, training logs; no pickles."""
