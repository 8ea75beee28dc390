"""The formats that other programs write: one short reader each."""
