"""Measures how long the last of many loudspeakers waits for an alert, and how much of that is the hub's."""
