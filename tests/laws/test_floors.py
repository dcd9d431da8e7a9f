"""Law: a module imports from floors below its own, or from its own folder; heavy libraries have doors."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = [
    {"seqmem.sources", "seqmem._configured"},
    {
        "seqmem.losses",
        "seqmem.averages",
        "seqmem.divergence",
        "seqmem.process",
        "seqmem.windows",
        "seqmem.series",
        "tuning.space",
        "tuning.tuners",
        "tuning.interrupt",
        "tuning.log",
        "tuning.runs",
    },
    {
        "seqmem.cells",
        "seqmem.transforms",
        "seqmem.bars",
        "tuning.observer",
        "tuning.folds",
        "tuning.stopping",
        "tuning.tables",
        "tuning.project",
        "tuning.noise",
        "tuning.proposals",
    },
    {
        "seqmem.recurrence",
        "seqmem.targets",
        "seqmem.stationarity",
        "seqmem.panel",
        "tuning.workers",
        "tuning.watchers",
        "tuning.ledger",
        "tuning.rules",
        "tuning.report",
    },
    {"seqmem.networks", "seqmem.learner"},
    {"seqmem.forecaster", "seqmem.baselines"},
    {"seqmem.volatility", "seqmem.diagnostics"},
    {"seqmem.evaluation", "seqmem.serving"},
    {"seqmem.report", "seqmem.league"},
    {"seqmem.studies"},
    {"seqmem.commands"},
    {"seqmem.cli", "tuning.tasks", "tuning.display", "tuning.supervisor"},
    {"tuning.hypermodel"},
    {"tuning.fingerprint", "tuning.watched"},
    {"tuning.engine"},
    {"tuning.searcher", "tuning.again", "tuning.setup"},
    {"tuning.selection", "tuning.chief", "tuning.worker"},
    {"tuning.job"},
    {"tuning.after"},
    {"seqmem.__main__", "tuning.__main__", "seqmem", "tuning"},  # the faces
]
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
DOORS = {
    "arch": {
        "seqmem.stationarity",
        "seqmem.sources",
        "seqmem.baselines.garch",
        "seqmem.evaluation.significance",
    },
    "statsmodels": {"seqmem.evaluation.significance"},
    "keras_tuner": {
        "tuning.hypermodel",
        "tuning.searcher",
        "tuning.engine",
        "tuning.ledger",
        "tuning.watched",
        "tuning.again",
        "tuning.setup",
        "tuning.chief",  # its service
        "tuning.worker",  # its client
    },
    "matplotlib": {"seqmem.report.plots"},
    "starlette": {"seqmem.serving.server.app"},
    "uvicorn": {"seqmem.serving.server.process", "seqmem.serving.server.impatient"},
    "prometheus_client": {"seqmem.serving.server.metrics"},
    "urllib3": {"seqmem.serving.over_rest"},
    "grpc": {"seqmem.serving.over_grpc", "tuning.chief", "tuning.worker"},
    "scipy": {"seqmem.baselines.variance", "seqmem.baselines.har"},
    "tensorflow": {
        "seqmem.divergence",  # inside the compiled step
        "seqmem.process",  # its threads
        "seqmem.windows",  # tf.data
        "seqmem.recurrence.adjoint",  # compiled loops
        "seqmem.recurrence.fast",  # tf.custom_gradient
        "seqmem.recurrence.nature",  # scratch graphs
        "seqmem.recurrence.plain",  # a loop of several steps to a turn
        "seqmem.learner",  # tf.GradientTape
        "seqmem.diagnostics.flow",  # tf.GradientTape
        "seqmem.diagnostics.retention",  # tf.GradientTape
        "seqmem.diagnostics.callback",  # tf.summary
        "seqmem.studies.problems",  # drawn in the graph
        "seqmem.studies.solving",  # tf.GradientTape, in a loop of the graph
        "seqmem.recurrence.served",  # the fused kernel
        "seqmem.serving.checks",  # the graph's own errors
        "seqmem.serving.endpoints",  # signatures
        "seqmem.serving.onnx_model",  # what is converted
        "seqmem.serving.loading",  # tf.saved_model
        "seqmem.serving.card",  # its version
        "seqmem.serving.provenance",  # its protobufs
        "seqmem.serving.signatures",  # the message that a SavedModel is
        "seqmem.serving.warmup",  # TFRecords
        "seqmem.serving.server.version",  # a session, as TensorFlow Serving runs one
        "tuning.fingerprint",  # its version
        "tuning.watchers",  # summaries for TensorBoard
    },
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("seqmem", "tuning")
    for path in (ROOT / package).rglob("*.py")
}


def _home(module):
    """The unit that stands on a floor: a package's folder is one unit."""
    parts = module.split(".")
    while ".".join(parts) not in FLOOR:
        parts.pop()
    return ".".join(parts)


def _imports(path):
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in names)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down(module):
    for imported in _imports(MODULES[module]):
        top = imported.partition(".")[0]
        assert not (module.startswith("seqmem") and top == "tuning"), f"{module} imports {imported}"
        if top in ("seqmem", "tuning"):
            here, there = _home(module), _home(imported)
            assert here == there or FLOOR[there] < FLOOR[here], f"{module} imports {imported}"
        if top in DOORS:
            assert module in DOORS[top], f"{module} imports {imported}: {top} has its doors"


def test_every_module_stands_on_a_floor():
    for module in MODULES:
        assert _home(module) != "seqmem" or module == "seqmem", f"{module} has no floor"
        assert _home(module) != "tuning" or module == "tuning", f"{module} has no floor"


def test_modules_are_short():
    """150 lines is the norm; at 250 a second thing has moved in."""
    lengths = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    assert max(lengths.values()) <= 250, {module: n for module, n in lengths.items() if n > 250}
