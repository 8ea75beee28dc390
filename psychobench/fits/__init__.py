"""Fits: psychometric functions, likelihoods and the engines that fit them."""
