"""The wire contract between hub and loudspeaker.  Pure; `spec/` is normative, this is its reference."""
