"""Which places of a picture make it similar to another, and how such a map is checked."""
