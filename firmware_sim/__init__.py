"""A loudspeaker built from the wire contract alone: its pure core, a virtual world for many of them, and the edges."""
