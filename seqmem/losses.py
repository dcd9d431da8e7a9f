"""Losses of a variance that is forecast by its logarithm."""

from typing import Any

import keras
from keras import ops

from seqmem._configured import Configured

Tensor = Any


class QLIKE(Configured, keras.losses.Loss):
    """log v + y / v, with log v predicted (Patton 2011): lowest in the mean where v is the mean of y.

    The label y is a noisy proxy of the variance, such as a squared return; any unit common to y and v only
    adds a constant.

    >>> loss = QLIKE()
    >>> float(loss(ops.array([[2.0]]), ops.log(ops.array([[2.0]]))))  # log 2 + 1
    1.6931...
    """

    def __init__(self, name: str = "qlike", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Labels [...] at least 0 and predicted logarithms [...] to losses [...]."""
        return y_pred + y_true * ops.exp(-y_pred)


class VarianceStudentT(Configured, keras.losses.Loss):
    """The likelihood of a return whose square is y, from Student's t of variance v, with log v predicted.

    -2 log likelihood, but for a constant: log v + (n + 1) log(1 + y / ((n - 2) v)) (Bollerslev 1987). An
    outlier pulls less than in `QLIKE`, and v is no longer the mean of y: a variance that is trained by it
    needs `Forecaster.calibrate`.

    Args:
        degrees: n, of freedom, above 2.

    Raises:
        ValueError: degrees of 2 or below: no variance.
    """

    def __init__(self, degrees: float = 6.0, name: str = "student_t", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if not degrees > 2:
            raise ValueError(f"VarianceStudentT: degrees must be above 2. Received: degrees={degrees}")
        self.degrees = degrees

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Labels [...] at least 0 and predicted logarithms [...] to losses [...]."""
        squares = y_true * ops.exp(-y_pred) / (self.degrees - 2)
        return y_pred + (self.degrees + 1) * ops.log1p(squares)
