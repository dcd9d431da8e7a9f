"""Law: a module imports from floors below its own, or from its own folder; heavy libraries have doors."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = [
    {"seqmem._configured", "seqmem._html", "seqmem._registry", "seqmem._shown", "seqmem.files"},
    {
        "seqmem.losses",
        "seqmem.recipe",
        "seqmem.quantities",
        "seqmem.process",
        "tuning.space",
        "tuning.interrupt",
        "tuning.trials",
    },
    {"seqmem.cells", "seqmem.heads", "seqmem.transforms", "tuning.stopping"},
    {"seqmem.data", "seqmem.recurrence"},
    {"seqmem.testing"},
    {"seqmem.targets", "seqmem.networks", "seqmem.evaluation"},
    {"seqmem.models"},
    {"seqmem.diagnostics", "seqmem.serving"},
    {"seqmem.lifecycle"},
    {"seqmem.report"},
    {"seqmem.experiments"},
    {"seqmem.cli"},
    {"tuning.tasks"},
    {"tuning.hypermodel", "tuning.display"},
    {"tuning.journal"},
    {"tuning.instrumented"},
    {"tuning.tuner_setup"},
    {"tuning.searcher", "tuning.reproduce", "tuning.config"},
    {"tuning.selection", "tuning.distributed"},
    {"tuning.page"},
    {"tuning.pipeline"},
    {"tuning.cli", "tuning.commands"},
    {"seqmem.__main__", "tuning.__main__", "seqmem", "tuning"},  # the faces
]
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}
DOORS = {
    "arch": {
        "seqmem.models.classics.garch",
        "seqmem.models.classics.egarch",
        "seqmem.evaluation.significance",
    },
    "statsmodels": {"seqmem.evaluation.significance", "seqmem.evaluation.coverage"},
    "keras_tuner": {
        "tuning.hypermodel",
        "tuning.searcher",
        "tuning.tuner_setup",
        "tuning.journal.oracle",
        "tuning.instrumented",
        "tuning.reproduce",
        "tuning.config",
        "tuning.distributed.chief",  # its service
        "tuning.distributed.worker",  # its client
    },
    "mlflow": {"tuning.display.tracking"},
    "matplotlib": {"seqmem.report.plots"},
    "jinja2": {"seqmem.report.page.page"},
    "markupsafe": {"seqmem.report.page.page"},
    "starlette": {"seqmem.serving.server.app", "seqmem.serving.server.buffers"},
    "uvicorn": {"seqmem.serving.server.process", "seqmem.serving.server.connections"},
    "prometheus_client": {"seqmem.serving.server.metrics"},
    "urllib3": {"seqmem.serving.client.rest"},
    "grpc": {"seqmem.serving.client.grpc", "tuning.distributed.chief", "tuning.distributed.worker"},
    "scipy": {
        "seqmem.models.classics.ewma",
        "seqmem.models.classics.variance",
        "seqmem.models.classics.har",
        "seqmem.models.classics.realised",
        "seqmem.heads.student_t",  # the table of quantiles
        "seqmem.evaluation.risk_tests",  # p-values
        "seqmem.evaluation.coverage",  # likewise
    },
    "tensorflow": {
        "seqmem.models.callbacks",  # inside the compiled step
        "seqmem.process",  # its threads
        "seqmem.data.windows",  # tf.data
        "seqmem.recurrence.adjoint",  # compiled loops
        "seqmem.recurrence.compiled_loop",  # tf.custom_gradient
        "seqmem.recurrence.differentiable",  # tf.GradientTape
        "seqmem.recurrence.forward",  # a compiled loop
        "seqmem.recurrence.isolation",  # tf.function
        "seqmem.recurrence.scan",  # tf.custom_gradient
        "seqmem.recurrence.step_analysis",  # scratch graphs
        "seqmem.recurrence.untrained",  # tf.custom_gradient
        "seqmem.recurrence.loop",  # a loop of several steps to a turn
        "seqmem.models.training",  # tf.GradientTape
        "seqmem.diagnostics.gradients",  # tf.GradientTape
        "seqmem.diagnostics.half_life",  # tf.GradientTape
        "seqmem.diagnostics.callback",  # tf.summary
        "seqmem.testing",  # tf.GradientTape, tf.saved_model
        "seqmem.experiments.studies.problems",  # drawn in the graph
        "seqmem.experiments.studies.solving",  # tf.GradientTape, in a loop of the graph
        "seqmem.recurrence.inference",  # the fused kernel
        "seqmem.serving.exporting.graph_checks",  # the graph's own errors
        "seqmem.serving.exporting.endpoints",  # signatures
        "seqmem.serving.exporting.onnx",  # what is converted
        "seqmem.serving.exporting.export",  # its error where a disk is full
        "seqmem.serving.loading.served",  # tf.saved_model
        "seqmem.serving.card",  # its version
        "seqmem.serving.provenance",  # its protobufs
        "seqmem.serving.protocol.signatures",  # the message that a SavedModel is
        "seqmem.serving.exporting.warmup",  # TFRecords
        "seqmem.serving.server.version",  # a session, as TensorFlow Serving runs one
        "tuning.journal.fingerprint",  # its version
        "tuning.display.tracking",  # summaries for TensorBoard
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
