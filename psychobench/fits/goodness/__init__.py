"""Goodness of fit: residuals, trends over trials, and findings in plain words."""
