"""The public names of seqmem.lifecycle, each with its home."""

from .comparing import Comparison as Comparison
from .comparing import compare_models as compare_models
from .monitoring import Monitoring as Monitoring
from .monitoring import monitor as monitor
from .retraining import Retraining as Retraining
from .updating import Update as Update
from .updating import update as update
