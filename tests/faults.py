"""Prove the laws: plant one fault at a time in a copy of the project and see the suite catch it.

``python tests/faults.py`` runs them all, one after the other, ``python tests/faults.py WORD``
those whose name has the word in it. Exit status 1 if one gets through.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from layer_faults import LAYERS
from lifecycle_faults import LIFECYCLE
from serving_faults import SERVING

ROOT = Path(__file__).parents[1]


class Fault(NamedTuple):
    name: str
    file: str
    right: str
    wrong: str
    tests: str


FAULTS = [
    Fault(
        "an adding problem that marks one step twice",
        "seqmem/experiments/studies/problems.py",
        'return first, second + tf.cast(second >= first, "int32")  # another one',
        "return first, second",
        "tests/test_studies.py",
    ),
    Fault(
        "chrono biases with their signs changed",
        "seqmem/cells/chrono.py",
        "logs if gate in cell.retain_gates else -logs",
        "-logs if gate in cell.retain_gates else logs",
        "tests/test_studies.py",
    ),
    Fault(
        "a study scored on what stopped its training",
        "seqmem/experiments/studies/trials.py",
        "return Split(begin - width, begin, end=begin + width,",
        "return Split(begin - 2 * width, begin - width, end=begin + width,",
        "tests/test_studies.py",
    ),
    Fault(
        "a study that goes on with another one's rows",
        "seqmem/experiments/studies/running.py",
        "if received != {setting(study)}:",
        "if not received:",
        "tests/test_studies.py",
    ),
    Fault(
        "a log that keeps half a line",
        "tuning/journal/events.py",
        "            self._file.truncate()",
        "            self._file.seek(0, 2)",
        "tests/test_project.py",
    ),
    Fault(
        "a fingerprint without the data",
        "tuning/journal/fingerprint.py",
        'digest.update(data.values(unique_id, columns).astype("<f8").tobytes())',
        "pass",
        "tests/test_project.py",
    ),
    Fault(
        "an interrupt taken for the failure of a trial",
        "tuning/instrumented.py",
        "            self.check_interrupt()  # TensorFlow",
        "            # TensorFlow",
        "tests/test_tuning.py",
    ),
    Fault(
        "a trial that fails after three kills from outside",
        "tuning/journal/attempts.py",
        "last = deaths[-MAX_UNEXPLAINED:]",
        "last = deaths[-3:] * 4",
        "tests/test_project.py",
    ),
    Fault(
        "a stranger's project whose code is run",
        "tuning/journal/user_code.py",
        "    if places and not trust:",
        "    if places and trust is None:",
        "tests/test_project.py",
    ),
    Fault(
        "a journal in which a line may be missing",
        "tuning/journal/events.py",
        "if int(place) != number:",
        "if int(place) < 0:",
        "tests/test_project.py",
    ),
    Fault(
        "a slow worker's trial counted twice",
        "tuning/journal/oracle.py",
        "            if int(trial.trial_id) in self._ended:",
        "            if int(trial.trial_id) in ():",
        "tests/test_project.py",
    ),
    Fault(
        "folds without a gap between training and validation",
        "seqmem/data/splits.py",
        "found[unique_id] = origins_between(*rows, context_length, horizon)",
        "found[unique_id] = origins_between(*rows, context_length, 0)",
        "tests/test_splits.py",
    ),
    Fault(
        "an error that takes what a fold is worth for noise",
        "tuning/selection/noise.py",
        "apart = losses - np.median(losses, axis=0)",
        "apart = losses",
        "tests/test_selection.py",
    ),
    Fault(
        "a refit without the validation part",
        "tuning/selection/select.py",
        "hypermodel.train(forecaster, choice, split or hypermodel.refit_split,",
        "hypermodel.train(forecaster, choice, split or hypermodel.split,",
        "tests/test_selection.py",
    ),
    Fault(
        "a swapped gate in the LSTM",
        "seqmem/cells/lstm.py",
        "i, f, g, o = ops.split(",
        "f, i, g, o = ops.split(",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "the GRU's update gate turned round",
        "seqmem/cells/gru.py",
        "h = z * h + (1 - z) * g",
        "h = (1 - z) * h + z * g",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "the reset before the matmul's bias",
        "seqmem/cells/gru.py",
        "s * r_g if self.reset_after else r_g",
        "r_g if self.reset_after else s * r_g",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "no unit forget bias",
        "seqmem/cells/lstm.py",
        "unit_bias = retain_gates",
        "retain_gates",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "drop-ins that forget an argument",
        "seqmem/recurrence/drop_ins.py",
        "super().__init__(_like(cell, self.cell_class), **options)",
        "super().__init__(_like(cell, self.cell_class), **options | {'go_backwards': False})",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "dropout at inference",
        "seqmem/cells/base.py",
        "if training and 0 < self.dropout < 1:",
        "if 0 < self.dropout < 1:",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "an off-by-one origin: the window reads tomorrow",
        "seqmem/data/windows.py",
        "tf.range(1 - length, 1)",
        "tf.range(2 - length, 2)",
        "tests/test_windows.py tests/laws/test_causality.py",
    ),
    Fault(
        "futures that begin at the origin",
        "seqmem/data/windows.py",
        "tf.range(1, horizon + 1)",
        "tf.range(0, horizon)",
        "tests/test_windows.py",
    ),
    Fault(
        "no gap between training and validation",
        "seqmem/data/origins.py",
        "stop - horizon)",
        "stop)",
        "tests/test_splits.py",
    ),
    Fault(
        "a transform adapted on all data",
        "seqmem/models/examples.py",
        "known=[rows[name][: part.known, :width] for name, part in parts.items()],",
        "known=[rows[name][:, :width] for name, part in parts.items()],",
        "tests/laws/test_causality.py",
    ),
    Fault(
        "a transform missing from the export",
        "seqmem/serving/exporting/endpoints.py",
        "found = self.forecaster.respond(history, training=False)",
        "found = LabelForecast(self.forecaster.network(self.window(prices)[:, 1:])[..., 0, 0], None)",
        "tests/laws/test_no_skew.py",
    ),
    Fault(
        "an export that keeps dropout on",
        "seqmem/serving/exporting/endpoints.py",
        "found = self.forecaster.respond(history, training=False)",
        "found = self.forecaster.respond(history, training=True)",
        "tests/laws/test_no_skew.py",
    ),
    Fault(
        "a decoder fed the truth at inference",
        "seqmem/networks/encoder_decoder.py",
        "self._draws(fed, teacher) if training else None",
        "self._draws(fed, teacher)",
        "tests/test_encoder_decoder.py",
    ),
    Fault(
        "a decoder that never sees its own output",
        "seqmem/networks/encoder_decoder.py",
        "            fed = self.head.feedback(output)\n",
        "            fed = fed\n",
        "tests/test_encoder_decoder.py",
    ),
    Fault(
        "a half-life from the arithmetic mean of what is kept",
        "seqmem/diagnostics/half_life.py",
        "np.exp(np.mean(np.log(np.concatenate(slopes)), axis=0))",
        "np.mean(np.concatenate(slopes), axis=0)",
        "tests/test_diagnostics.py",
    ),
    Fault(
        "validation with dropout on",
        "seqmem/models/training.py",
        "self._logs(*self._learn(data, training=False))",
        "self._logs(*self._learn(data, training=True))",
        "tests/test_forecaster.py",
    ),
    Fault(
        "a half-life that ignores its gate",
        "seqmem/diagnostics/half_life.py",
        'slope = tape.gradient(total, before[-1], unconnected_gradients="zero")',
        'slope = tape.gradient(total, before[-1], unconnected_gradients="zero") * 0 + 0.8',
        "tests/test_diagnostics.py",
    ),
    Fault(
        "a gradient against time, not against lag",
        "seqmem/diagnostics/gradients.py",
        "for one in reversed(ones)]",
        "for one in ones]",
        "tests/test_diagnostics.py",
    ),
    Fault(
        "an encoder that drops the cell state",
        "seqmem/networks/encoder_decoder.py",
        "        states, outputs = _like(self.decoder, states), []\n",
        "        outputs = []\n        states = _like(self.decoder, [s if n == 0 else ops.zeros_like(s) "
        "for n, s in enumerate(_flatten(states))])\n",
        "tests/test_encoder_decoder.py",
    ),
    Fault(
        "log returns as a difference of logs",
        "seqmem/transforms.py",
        "return ops.log1p((after - before) / before)",
        "return ops.log(after) - ops.log(before)",
        "tests/laws/test_round_trip.py",
    ),
    Fault(
        "standardised values that are not scaled back",
        "seqmem/transforms.py",
        "return future * ops.cast(self.scale, future.dtype) + ops.cast(self.mean, future.dtype)",
        "return future * ops.cast(self.scale, future.dtype)",
        "tests/laws/test_round_trip.py",
    ),
    Fault(
        "the last epoch's weights kept",
        "seqmem/models/training.py",
        "restore_best_weights=True",
        "restore_best_weights=False",
        "tests/test_forecaster.py",
    ),
    Fault(
        "a claim decided by what is easier than it",
        "seqmem/experiments/studies/adding.py",
        'return table[table["marks"] == FAR]',
        "return table",
        "tests/test_studies.py",
    ),
    Fault(
        "an average of the weights given up where training stops early",
        "seqmem/models/callbacks.py",
        "if self.model.stop_training:",
        "if False:",
        "tests/test_forecaster.py",
    ),
    Fault(
        "functions traced for other labels used again",
        "seqmem/models/training.py",
        "if before != (steps // calls, chunk_length, weighted):",
        "if before[0] != steps // calls:",
        "tests/test_forecaster.py",
    ),
    Fault(
        "a NaN loss that goes unnoticed",
        "seqmem/models/callbacks.py",
        "            if not np.isfinite(value):",
        "            if False:",
        "tests/test_forecaster.py",
    ),
    Fault(
        "weights that Keras silently fails to place",
        "seqmem/networks/encoder_decoder.py",
        "    if not layer.built:\n",
        "    if True:\n",
        "tests/laws/test_serialise.py",
    ),
    Fault(
        "each lookback on origins of its own",
        "tuning/hypermodel.py",
        "self.choice(hp), self.splits[fold],",
        "self.choice(hp), replace(self.splits[fold], context_length=1),",
        "tests/test_tuning.py",
    ),
    Fault(
        "a trial seeded by nobody",
        "tuning/instrumented.py",
        "        keras.utils.set_random_seed(fit_seed(self.base_seed, trial.trial_id, fold, seed))\n",
        "",
        "tests/test_tuning.py",
    ),
    Fault(
        "an edge claimed without significance",
        "seqmem/evaluation/summary.py",
        'if not test["p_value"] < SIGNIFICANCE:',
        'if not test["p_value"] < 1:',
        "tests/test_evaluation.py",
    ),
    Fault(
        "a reference that is judged by another's test",
        "seqmem/evaluation/summary.py",
        "both = [(name, False) for name in references]",
        "both = [(references[-1], False) for _ in references]",
        "tests/test_evaluation.py",
    ),
    Fault(
        "pooled rows of the dates that are validated on",
        "seqmem/data/pool.py",
        "known = frame.loc[frame.index < border]",
        "known = frame.loc[frame.index < border + pd.Timedelta(days=60)]",
        "tests/laws/test_pooling.py",
    ),
    Fault(
        "a pool that is cut where the test part begins",
        "seqmem/models/examples.py",
        "border = split.test_start if split.validation_start is None else split.validation_start",
        "border = split.test_start",
        "tests/laws/test_pooling.py",
    ),
    Fault(
        "a refit that knows the days after it",
        "seqmem/models/refit.py",
        "border = dates[row + 1]",
        "border = dates[min(row + 20, stop - 1)]",
        "tests/laws/test_pooling.py",
    ),
    Fault(
        "a model that is chosen on the test part",
        "seqmem/experiments/league/recommendation.py",
        "        end=split.test_start,",
        "        end=split.end,",
        "tests/test_league.py",
    ),
    Fault(
        "an interrupt that is swallowed",
        "tuning/interrupt.py",
        "        if caught:\n            raise KeyboardInterrupt\n\n    if threading",
        "        pass\n\n    if threading",
        "tests/test_tuning.py",
    ),
    Fault(
        "the kernel's gates in another order",
        "seqmem/recurrence/inference.py",
        "kernel = tf.concat([cell.kernel, cell.recurrent_kernel], 0)",
        "kernel = tf.concat([tf.roll(cell.kernel, cell.units, 1), cell.recurrent_kernel], 0)",
        "tests/laws/test_adjoint.py",
    ),
    Fault(
        "halves of a batch put together the wrong way round",
        "seqmem/recurrence/inference.py",
        "tf.concat(each, axis) for each, axis in zip(",
        "tf.concat(each[::-1], axis) for each, axis in zip(",
        "tests/laws/test_untrained.py",
    ),
    Fault(
        "a stream that forgets its states",
        "seqmem/serving/exporting/endpoints.py",
        "after = [tf.where(seen, new, old) for new, old in zip(after, state, strict=True)]",
        "after = state",
        "tests/laws/test_no_skew.py",
    ),
    Fault(
        "damage not looked for before loading",
        "seqmem/serving/loading/load.py",
        "    check_files(folder, about)\n    check_keras_file",
        "    check_keras_file",
        "tests/test_provenance.py",
    ),
    Fault(
        "a hostile size let through",
        "seqmem/serving/loading/safety.py",
        "most = 10**9 if node.compiled else MOST_NUMBER",
        "most = 10**9",
        "tests/test_hostile_models.py",
    ),
    Fault(
        "an ONNX cell with its gates in our order",
        "seqmem/serving/exporting/onnx.py",
        'LSTMCell: ("LSTM", (0, 3, 1, 2), {}),',
        'LSTMCell: ("LSTM", (0, 1, 2, 3), {}),',
        "tests/test_onnx.py",
    ),
    Fault(
        "an export written in place",
        "seqmem/serving/exporting/drafts.py",
        "draft = Path(tempfile.mkdtemp(prefix=PREFIX, dir=home))",
        'draft = Path(tempfile.mkdtemp(prefix="9", suffix="9", dir=home)).rename(home / "99")',
        "tests/test_export.py",
    ),
    Fault(
        "a price of zero let through",
        "seqmem/data/checks.py",
        "values <= 0",
        "values < 0",
        "tests/test_files.py",
    ),
    Fault(
        "seqmem reaching up to tuning",
        "seqmem/evaluation/scores.py",
        "import numpy as np\n",
        "import numpy as np\nimport tuning\n",
        "tests/laws/test_floors.py",
    ),
    Fault(
        "a compiled gradient that skips the recurrent kernel",
        "seqmem/recurrence/adjoint.py",
        "            d_before[0] += _masked(d_r @ across, keep)\n",
        "",
        "tests/laws/test_adjoint.py",
    ),
    Fault(
        "an activation function given back without its slope",
        "seqmem/recurrence/step_analysis.py",
        "lambda d: d * activation.slope(y)",
        "lambda d: d",
        "tests/laws/test_adjoint.py",
    ),
    Fault(
        "cells of unlike activations that share what was compiled",
        "seqmem/recurrence/sharing.py",
        "shapes, *cell.gates.values(), *cell.step_key())",
        "shapes)",
        "tests/laws/test_adjoint.py",
    ),
    Fault(
        "an export that a server without XLA refuses",
        "seqmem/recurrence/compiled_loop.py",
        "return training is True if chosen is None",
        "return True if chosen is None",
        "tests/laws/test_adjoint.py",
    ),
    Fault(
        "a plain loop that forgets its last steps",
        "seqmem/recurrence/loop.py",
        "for _ in range((length - 1) % turn):",
        "for _ in range(0):",
        "tests/laws/test_agree.py",
    ),
    Fault(
        "a chunk whose labels are in the wrong order",
        "seqmem/data/windows.py",
        "    places = np.arange(chunk_length)[:, None]",
        "    places = np.arange(chunk_length)[::-1, None]",
        "tests/test_windows.py",
    ),
    Fault(
        "a refit that knows the rows it forecasts",
        "seqmem/models/walk_forward.py",
        "frame.iloc[: row + 1]",
        "frame.iloc[: row + self.every]",
        "tests/laws/test_causality.py tests/test_variance_baselines.py",
    ),
    Fault(
        "a log HAR that counts any return in full",
        "seqmem/models/classics/log_har.py",
        "np.clip(changes / np.sqrt(before + TINY), -MOST, MOST)",
        "(changes / np.sqrt(before + TINY))",
        "tests/test_classics.py",
    ),
    Fault(
        "a classic that leaves what it was fitted on",
        "seqmem/models/classics/variance.py",
        "np.clip(daily, *self._bounds)",
        "daily",
        "tests/test_classics.py",
    ),
    Fault(
        "a classic whose graph forgets its mean return",
        "seqmem/models/classics/graphs/inputs.py",
        "[..., None] - self.mean",
        "[..., None]",
        "tests/laws/test_classics_exported.py",
    ),
    Fault(
        "an EGARCH that forgets what noise adds",
        "seqmem/models/classics/egarch.py",
        "factor *= np.mean(np.exp(beta ** (ahead - 1) * adds))",
        "factor *= np.exp(np.mean(beta ** (ahead - 1) * adds))",
        "tests/test_variance_baselines.py",
    ),
    Fault(
        "a variance labelled with the day before",
        "seqmem/targets/variance.py",
        "np.nan_to_num(daily)[:, None]",
        "np.roll(np.nan_to_num(daily), 1)[:, None]",
        "tests/test_volatility.py",
    ),
    Fault(
        "inputs that see the scale of the prices",
        "seqmem/targets/scale_free.py",
        "ops.log(ops.concatenate(means, axis=-1) / own + 0.01)",
        "ops.log(ops.concatenate(means, axis=-1) + 1e-9)",
        "tests/test_volatility.py",
    ),
    Fault(
        "members of an ensemble that learn from each other",
        "seqmem/networks/ensemble.py",
        "return kernel * ops.cast(self.mask(",
        "return kernel + 0 * ops.cast(self.mask(",
        "tests/test_volatility.py",
    ),
    Fault(
        "a range scaled by what came later",
        "seqmem/evaluation/outcome.py",
        "self.data.frames[name].iloc[: self.known[name]]",
        "self.data.frames[name]",
        "tests/test_evaluation.py",
    ),
    Fault(
        "a score that is lowest beside the truth",
        "seqmem/evaluation/scores.py",
        "return np.log(forecast.point) + self.proxy.realised(outcome) / forecast.point",
        "return 0.5 * np.log(forecast.point) + self.proxy.realised(outcome) / forecast.point",
        "tests/laws/test_scores.py",
    ),
    Fault(
        "what came over h days begun a day early",
        "seqmem/evaluation/outcome.py",
        "start = self.origins[rows][:, None] + 1\n",
        "start = self.origins[rows][:, None]\n",
        "tests/test_evaluation.py",
    ),
    Fault(
        "a series of a panel forecast by another's fit",
        "seqmem/models/base.py",
        "        return self._fitted[unique_id]\n",
        "        return next(iter(self._fitted.values()))\n",
        "tests/test_variance_baselines.py",
    ),
    Fault(
        "a question of what is forecast, in the wrong place",
        "seqmem/models/base.py",
        "        rows = as_origins(",
        "        _ = self.quantity.name == 'variance'\n        rows = as_origins(",
        "tests/laws/test_questions.py",
    ),
    Fault(
        "high volatility that is known a day too early",
        "seqmem/evaluation/outcome.py",
        "rolling(self.rows).mean().to_numpy()",
        "rolling(self.rows).mean().shift(-1).to_numpy()",
        "tests/test_evaluation.py",
    ),
    Fault(
        "series of a panel tested as if they were independent",
        "seqmem/evaluation/outcome.py",
        "return pd.DataFrame(columns).mean(axis=1).dropna().sort_index().to_numpy()",
        "return pd.DataFrame(columns).stack().to_numpy()",
        "tests/test_evaluation.py",
    ),
    Fault(
        "a linear rival that goes unmentioned",
        "seqmem/evaluation/summary.py",
        'verdict = f"{other} is as good as {model}"',
        'verdict = f"{model} stands"',
        "tests/test_evaluation.py",
    ),
    Fault(
        "a server that lets go of a version that is being asked",
        "seqmem/serving/server/version.py",
        "idle = True, not self._running",
        "idle = True, True",
        "tests/test_versions.py",
    ),
    Fault(
        "a swap that retires the old version though the new one failed",
        "seqmem/serving/server/versions.py",
        "if ready or gone:",
        "if True:",
        "tests/test_versions.py",
    ),
    Fault(
        "rows with one of their outputs alone",
        "seqmem/serving/server/codec.py",
        "yield b'{\"predictions\": '\n        yield from listed(arrays, one)",
        "yield b'{\"predictions\": '\n        yield from listed(dict([arrays.popitem()]), one)",
        "tests/test_servers.py",
    ),
    Fault(
        "truth values taken for prices",
        "seqmem/serving/server/json_tensors.py",
        "if not set(map(type, values)) <= allowed:",
        "if not all(isinstance(value, tuple(allowed)) for value in values):",
        "tests/test_bodies.py",
    ),
    Fault(
        "a server that waits for a slow body for ever",
        "seqmem/serving/server/app.py",
        "asyncio.timeout(self._limits.request_timeout)",
        "asyncio.timeout(None)",
        "tests/test_serve.py",
    ),
    Fault(
        "a body that is measured by what it says of itself alone",
        "seqmem/serving/server/app.py",
        "if len(found) > most:",
        "if False:",
        "tests/test_serve.py",
    ),
    Fault(
        "a client that asks again after a timeout",
        "seqmem/serving/client/rest.py",
        'if isinstance(error := more.get("error"), ReadTimeoutError):',
        'if isinstance(error := more.get("error"), KeyError):',
        "tests/test_client.py",
    ),
    Fault(
        "a client that sends the oldest closes",
        "seqmem/serving/questions.py",
        "[rows[:, None] + back] for name",
        "[0 * rows[:, None] - back[::-1]] for name",
        "tests/test_client.py",
    ),
    Fault(
        "the dates on which served variances end are a day early",
        "seqmem/evaluation/forecast.py",
        "dates[name][rows[name][:, None] + ahead]",
        "dates[name][rows[name][:, None] + ahead - (quantity.name == 'variance')]",
        "tests/test_servers.py",
    ),
    Fault(
        "adjusted closes forecast from plain ones",
        "seqmem/serving/questions.py",
        "column=column if isinstance(data, pd.DataFrame) and column in data else None,",
        "column=None,",
        "tests/test_client.py",
    ),
    Fault(
        "a stable version that moves with every export",
        "seqmem/serving/server/configs.py",
        "was if was in versions else versions[-1]",
        "versions[-1]",
        "tests/test_serve_config.py",
    ),
    Fault(
        "a message with a field at another number",
        "seqmem/serving/protocol/protos.py",
        "repeated bytes string_val = 8",
        "repeated bytes string_val = 9",
        "tests/test_protos.py",
    ),
]


FAULTS += [Fault(*each) for each in [*SERVING, *LAYERS, *LIFECYCLE]]


def caught(fault: Fault, copy: Path) -> bool:
    """Whether the tests fail with the fault planted in the copy."""
    file = copy / fault.file
    text = file.read_text()
    if text.count(fault.right) != 1:
        raise SystemExit(f"{fault.name}: {fault.file} has {text.count(fault.right)} times {fault.right!r}")
    file.write_text(text.replace(fault.right, fault.wrong))
    try:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *fault.tests.split()],
            cwd=copy,
            capture_output=True,
            text=True,
        )
    finally:
        file.write_text(text)
    verdict = next((line for line in run.stdout.splitlines() if line.startswith("FAILED")), "")
    # A failed test, not merely a failed run: an interpreter without pytest ends with 1 too.
    got = run.returncode == 1 and bool(verdict)
    print(f"{'caught' if got else 'MISSED'}  {fault.name}: {verdict[7:110]}", flush=True)
    return got


def main(word: str = "") -> int:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "seqmem"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".tuning"))
        chosen = [fault for fault in FAULTS if word in fault.name]
        got = [caught(fault, copy) for fault in chosen]
    print(f"{sum(got)} of {len(got)} caught")
    return 0 if all(got) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
