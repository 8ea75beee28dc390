"""The observers that people use: the registered ones, and any PyTorch network."""
