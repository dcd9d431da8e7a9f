"""The public names of seqmem.serving, each with its home."""

from .client.client import Client as Client
from .exporting.export import export as export
from .exporting.onnx import to_onnx as to_onnx
from .folders import check_destination as check_destination
from .folders import check_name as check_name
from .loading.load import load as load
from .loading.served import ServedModel as ServedModel
from .loading.verify import verify as verify
