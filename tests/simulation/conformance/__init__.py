"""What the log port promises, on the model and on a real broker. Where they differ, the model is wrong."""
