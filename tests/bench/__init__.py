"""Benchmarks: measured, printed and kept, never asserted."""
