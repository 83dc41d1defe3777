"""The console: pages in Vietnamese, made on the server."""
