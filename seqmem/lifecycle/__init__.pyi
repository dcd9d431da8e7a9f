"""The public names of seqmem.lifecycle, each with its home."""

from .comparing import Comparison as Comparison
from .comparing import compare_models as compare_models
from .retraining import Retraining as Retraining
from .updating import Update as Update
from .updating import update as update
