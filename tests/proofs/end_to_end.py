"""Fit, evaluate, export and serve: what each proof does with the thing that it adds."""

import numpy as np
from samples import random_bars, split_for

from seqmem import Recipe, ServedModel, export, load, read
from seqmem.evaluation import evaluate

BARS = random_bars(300)


def use(forecaster, scores, folder, data=BARS):
    """The evaluation and the served forecast; what is served, loaded and forecast is the same."""
    data = read(data)
    split = split_for(forecaster, data)
    forecaster.fit(data, split, Recipe(epochs=2))
    evaluation = evaluate({"network": forecaster}, data, split, scores)
    assert np.isfinite(evaluation.table["value"]).all()
    version = export(forecaster, folder, name="proof", prices=data)
    here, again, served = (one.forecast(data) for one in (forecaster, load(version), ServedModel(version)))
    for other in (again, served):
        assert other.quantity == here.quantity
        assert other.to_frame().columns.tolist() == here.to_frame().columns.tolist()
        np.testing.assert_array_equal(other.ds, here.ds)
        for one, same in ((other.mean, here.mean), (other.quantiles, here.quantiles)):
            assert (one is None) == (same is None)
            if one is not None:
                np.testing.assert_allclose(one, same, rtol=1e-5)
    return evaluation, served
