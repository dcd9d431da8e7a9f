"""Simulated bars: closes, highs and lows of realised GARCH, GARCH, GJR and EGARCH with drawn parameters."""

from itertools import cycle

import numpy as np
import pandas as pd

KINDS = ("realised GARCH", "realised GARCH", "GARCH", "GJR", "EGARCH")
BURN = 500  # rows before the first that is kept
LAST = "1989-12-29"  # before every real series: a pool keeps all rows
CLIP = 4.0  # standard deviations: no return moves a range or a log variance by more


def universe(count: int, rows: int, seed: int) -> dict[str, pd.DataFrame]:
    """Series by name, of each kind in turn."""
    draw, kinds = np.random.default_rng(seed), cycle(KINDS)
    names = [f"{next(kinds)} {number}" for number in range(count)]
    return {name: _series(name.rpartition(" ")[0], rows, draw) for name in names}


def realised_garch(parameters: np.ndarray, rows: int, seed: int) -> pd.DataFrame:
    """Bars of the parameters of a fitted `RealisedGARCH`, in its order."""
    return _bars(*_realised_garch(parameters, rows, np.random.default_rng(seed)))


def _series(kind: str, rows: int, draw: np.random.Generator) -> pd.DataFrame:
    if kind == "realised GARCH":
        return _bars(*_realised_garch(_parameters(draw), rows, draw))
    return _bars(*_garch(kind, rows, draw))


def _level(draw: np.random.Generator) -> float:
    """Of a log variance: 10 to 45% a year."""
    return float(2 * np.log(draw.uniform(0.1, 0.45) / np.sqrt(252)))


def _parameters(draw: np.random.Generator) -> np.ndarray:
    """About those that real series have."""
    level, persistence = _level(draw), draw.uniform(0.96, 0.995)
    beta, phi = draw.uniform(0.72, 0.84), draw.uniform(0.9, 1.1)
    gamma = (persistence - beta) / phi
    xi = np.log(draw.uniform(0.55, 0.85)) + level * (1 - phi)
    tau, spread = (draw.uniform(-0.12, -0.02), draw.uniform(0.18, 0.33)), draw.uniform(0.33, 0.47)
    return np.array([level * (1 - persistence) - gamma * xi, beta, gamma, xi, phi, *tau, spread])


def _realised_garch(
    parameters: np.ndarray, rows: int, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns and Parkinson variances, [rows] each."""
    omega, beta, gamma, xi, phi, tau1, tau2, spread = parameters
    errors, measures = _errors(8, rows, draw), draw.normal(size=rows + BURN) * np.sqrt(spread)
    returns, logs = np.empty_like(errors), np.empty_like(errors)
    variance = (omega + gamma * xi) / (1 - beta - phi * gamma)  # its logarithm
    for t, z in enumerate(errors):
        held = np.clip(z, -CLIP, CLIP)
        returns[t] = np.exp(variance / 2) * z
        logs[t] = xi + phi * variance + tau1 * held + tau2 * (held**2 - 1) + measures[t]
        variance = omega + beta * variance + gamma * logs[t]
    return returns[BURN:], np.exp(logs[BURN:])


def _garch(kind: str, rows: int, draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns of GARCH, GJR or EGARCH with Student's t, and ranges about their variance."""
    errors, level = _errors(6, rows, draw), _level(draw)
    alpha, gamma = draw.uniform(0.02, 0.08), draw.uniform(0, 0.12) * (kind == "GJR")
    beta = draw.uniform(0.97, 0.995) - alpha - gamma / 2
    logs = np.empty(len(errors) + 1)
    logs[0] = level
    for t, z in enumerate(errors):
        if kind == "EGARCH":
            logs[t + 1] = level + 0.985 * (logs[t] - level) + 0.12 * (abs(z) - 0.78) - 0.08 * z
        else:
            moved = (alpha + gamma * (z < 0)) * z**2 + beta
            logs[t + 1] = np.log(np.exp(level) * (1 - alpha - beta - gamma / 2) + moved * np.exp(logs[t]))
    held = np.clip(errors, -CLIP, CLIP)
    noise = 0.1 * (held**2 - 1) - 0.08 * held + 0.5 * draw.normal(size=len(errors))
    returns = np.exp(logs[:-1] / 2) * errors
    return returns[BURN:], 0.6 * np.exp(logs[:-1] + noise)[BURN:]


def _errors(degrees: int, rows: int, draw: np.random.Generator) -> np.ndarray:
    """Student's t of variance 1."""
    return draw.standard_t(degrees, rows + BURN) * np.sqrt((degrees - 2) / degrees)


def _bars(returns: np.ndarray, variances: np.ndarray) -> pd.DataFrame:
    """Highs and lows with these Parkinson variances; the close lies nearer to where the day went."""
    width = np.sqrt(4 * np.log(2) * variances)
    above = np.clip(0.5 - 0.5 * returns / width, 0, 1)  # share of the range above the close
    closes = np.cumsum(returns)
    bars = {"high": closes + above * width, "low": closes - (1 - above) * width, "close": closes}
    days = pd.bdate_range(end=LAST, periods=len(returns))
    return pd.DataFrame({name: np.exp(logs) for name, logs in bars.items()}, days)
