"""Where the suite runs, and what its tests have in common."""
