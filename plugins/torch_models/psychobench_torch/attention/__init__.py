"""Attention maps of networks: one module per method; `attend.attend` is one call for all."""
