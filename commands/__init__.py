"""The command line behind app.py: starting servers, migrating, playing customers. Wiring, like app.py itself."""
