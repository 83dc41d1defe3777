"""The composition root: it alone knows everyone, and owns database, HTTP, people and processes."""
