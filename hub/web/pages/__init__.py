"""One module a place of the console: read the request, ask a flow, show the answer."""
