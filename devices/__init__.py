"""The loudspeakers: who they are, where they stand, and what is said to them on the wire."""
