"""A population of psychometric functions: partial pooling of everybody's answers."""
