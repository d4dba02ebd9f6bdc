"""The story of a business and its customers, told by running it."""
