"""The JSON surface. A route parses, calls one act or one reading, and renders."""
