"""Shownotes: episode audio in, show notes that an editor signs off out."""

__version__ = "0.1.0"
