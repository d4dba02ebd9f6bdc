"""Invariant 7: replaying a stage's input with the same version of the rules gives the same outputs."""
