"""Reports: tables for a terminal, plots for a file. Lazy: a table needs neither Keras nor matplotlib."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names stand in __init__.pyi
