"""``python -m seqmem``."""

import sys

from seqmem.cli import main

sys.exit(main())
