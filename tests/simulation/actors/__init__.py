"""Those who use the platform, and those who serve at its edges, under the virtual clock."""
