"""The interface for devices and programs: JSON over HTTP, the same use cases as the console."""
