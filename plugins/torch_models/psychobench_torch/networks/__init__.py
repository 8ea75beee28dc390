"""What is trained or frozen: architectures, feature extractors, and the images that they take."""
