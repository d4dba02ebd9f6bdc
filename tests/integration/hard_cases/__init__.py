"""The stage runtime's hard cases, on the real broker."""
