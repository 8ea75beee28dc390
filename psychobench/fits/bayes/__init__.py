"""The Bayesian engine: MAP estimates, and posteriors by quadrature."""
