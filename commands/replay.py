"""Stub."""

import click


@click.command()
def replay() -> None:
    """Play customers."""
