"""Pure: model in, model out. No I/O, no third-party import."""
