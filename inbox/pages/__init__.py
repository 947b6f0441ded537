"""The server-rendered pages. A page parses, calls the same acts as the API, and renders a template."""
