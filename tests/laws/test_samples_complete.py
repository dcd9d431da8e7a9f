"""Law: there is a sample of everything that seqmem defines."""

import samples

import seqmem.networks
from seqmem._configured import Configured
from seqmem.cells import CELLS, Cell
from seqmem.evaluation import Proxy, RealisedColumn, Score
from seqmem.models.base import Classic
from seqmem.networks import Schedule
from seqmem.targets import Target
from seqmem.transforms import Transform


def _final(base):
    """Subclasses that seqmem defines and that are not abstract."""
    found = set()
    for child in base.__subclasses__():
        found |= _final(child)
        if child.__module__.startswith("seqmem") and not getattr(child, "__abstractmethods__", ()):
            found.add(child)
    return found


def test_there_is_a_sample_of_everything():
    assert _final(Cell) <= {sample.cell for sample in samples.CELLS}
    assert _final(Transform) == {type(make()) for make in samples.TRANSFORMS}
    targets = [*samples.TARGETS, *samples.RETURN_TARGETS, *samples.VARIANCE_TARGETS, *samples.CLASSIC_TARGETS]
    assert _final(Target) == {type(make()) for make in targets}
    assert _final(Schedule) == {type(make()) for make in samples.SCHEDULES}
    classics = [make(horizon=1) for make in samples.BASELINES] + [
        make() for make in [*samples.VARIANCE_BASELINES, *samples.RETURN_CLASSICS]
    ]
    assert _final(Classic) == {type(classic) for classic in classics}
    assert _final(Score) == {type(one) for one in [*samples.SCORES, *samples.DISTRIBUTION_SCORES]}
    assert _final(Proxy) == {*map(type, samples.PROXIES), RealisedColumn}  # tests/test_realised.py
    assert {sample.drop_in for sample in samples.DROP_INS} == {seqmem.SimpleRNN, seqmem.LSTM, seqmem.GRU}


def test_the_table_of_cells_is_the_classes():
    assert set(CELLS.values()) == _final(Cell)


def test_registered_names_are_unique():
    names = [child.__name__ for child in _final(Configured)]
    assert len(names) == len(set(names))


def test_classes_are_abstract_or_final():
    """At most three abstract methods; no class of ours is the child of a class that can be made."""
    for child in _final(Configured) | _final(Classic) | _final(Score) | _final(Proxy):
        for parent in child.__mro__[1:]:
            if parent.__module__.startswith("seqmem") and parent.__name__ not in (
                "Configured",
                "Recurrent",
            ):
                assert getattr(parent, "__abstractmethods__", ()) or parent.__name__ == "_DropIn", parent
                assert len(parent.__abstractmethods__ if parent.__name__ != "_DropIn" else ()) <= 3
