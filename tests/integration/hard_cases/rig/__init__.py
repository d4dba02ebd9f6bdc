"""What strikes at stages, and what counts afterwards."""
