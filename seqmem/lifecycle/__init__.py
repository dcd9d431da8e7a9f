"""What comes after an export: models compared on later rows, trained further, watched.

Lazy, so that `seqmem --help` imports none of it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)  # the names stand in __init__.pyi
