"""The server-rendered pages. A page parses, calls the same acts as the API, and renders a template."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Add every page."""
