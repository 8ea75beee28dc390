"""A population of psychometric functions: partial pooling of all observers' answers."""
