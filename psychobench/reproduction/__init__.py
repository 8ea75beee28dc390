"""A paper's experiments run again: answers of networks beside the paper's tables and claims.

What is published about an experiment is compared with answers that somebody collected; who answers,
and how networks are trained, is the business of plug-ins.
"""
