"""The cells as NumPy loops, written from their papers: what the laws compare with.

Each takes inputs [B, T, F] and the cell's weights, and gives (outputs [B, T, U], the last states).
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn(inputs, W, U, b):
    h = np.zeros((len(inputs), U.shape[0]))
    outputs = []
    for t in range(inputs.shape[1]):
        h = np.tanh(inputs[:, t] @ W + h @ U + b)
        outputs.append(h)
    return np.stack(outputs, 1), [h]


def _columns(array, units, *names):
    return {name: array[..., n * units : (n + 1) * units] for n, name in enumerate(names)}


def lstm(inputs, W, U, b, peephole=None):
    units = U.shape[0]
    W, U, b = (_columns(array, units, "i", "f", "g", "o") for array in (W, U, b))
    p_i, p_f, p_o = np.zeros((3, units)) if peephole is None else peephole
    h = c = np.zeros((len(inputs), units))
    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        i = sigmoid(x @ W["i"] + h @ U["i"] + p_i * c + b["i"])
        f = sigmoid(x @ W["f"] + h @ U["f"] + p_f * c + b["f"])
        g = np.tanh(x @ W["g"] + h @ U["g"] + b["g"])
        c = f * c + i * g
        o = sigmoid(x @ W["o"] + h @ U["o"] + p_o * c + b["o"])
        h = o * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, 1), [h, c]


def _norm(z, gain):
    centred = z - z.mean(-1, keepdims=True)
    return gain * centred / np.sqrt(np.mean(centred**2, -1, keepdims=True) + 1e-3)


def layer_norm_lstm(inputs, W, U, b, gain_x, gain_h, gain_c, shift):
    h = c = np.zeros((len(inputs), U.shape[0]))
    outputs = []
    for t in range(inputs.shape[1]):
        i, f, g, o = np.split(_norm(inputs[:, t] @ W, gain_x) + _norm(h @ U, gain_h) + b, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(_norm(c, gain_c) + shift)
        outputs.append(h)
    return np.stack(outputs, 1), [h, c]


def slstm(inputs, W, U, b):
    """Without the stabiliser, whose only use is that no exponential overflows."""
    h = c = n = m = np.zeros((len(inputs), U.shape[0]))
    outputs = []
    for t in range(inputs.shape[1]):
        i, f, g, o = np.split(inputs[:, t] @ W + h @ U + b, 4, -1)
        m = np.maximum(np.log(sigmoid(f)) + m, i)
        c = sigmoid(f) * c + np.exp(i) * np.tanh(g)
        n = sigmoid(f) * n + np.exp(i)
        h = sigmoid(o) * c / n
        outputs.append(h)
    return np.stack(outputs, 1), [h, c * np.exp(-m), n * np.exp(-m), m]


def min_gru(inputs, W, b):
    h, outputs = np.zeros((len(inputs), len(b) // 2)), []
    for t in range(inputs.shape[1]):
        z, g = np.split(inputs[:, t] @ W + b, 2, -1)
        h = (1 - sigmoid(z)) * h + sigmoid(z) * g
        outputs.append(h)
    return np.stack(outputs, 1), [h]


def min_lstm(inputs, W, b):
    h, outputs = np.zeros((len(inputs), len(b) // 3)), []
    for t in range(inputs.shape[1]):
        f, i, g = np.split(inputs[:, t] @ W + b, 3, -1)
        share = sigmoid(f) / (sigmoid(f) + sigmoid(i))
        h = share * h + (1 - share) * g
        outputs.append(h)
    return np.stack(outputs, 1), [h]


def ema(inputs, W, b, decay):
    h, outputs, d = np.zeros((len(inputs), len(b))), [], sigmoid(decay)
    for t in range(inputs.shape[1]):
        h = d * h + (1 - d) * (inputs[:, t] @ W + b)
        outputs.append(h)
    return np.stack(outputs, 1), [h]


def garch(inputs, W, b, omega, alpha, beta):
    v, outputs = np.zeros((len(inputs), len(b))), []
    for t in range(inputs.shape[1]):
        v = omega + alpha * (inputs[:, t] @ W + b) ** 2 + beta * v
        outputs.append(v)
    return np.stack(outputs, 1), [v]


def gru(inputs, W, U, b):
    units = U.shape[0]
    W, U = (_columns(array, units, "z", "r", "g") for array in (W, U))
    b, d = (_columns(row, units, "z", "r", "g") for row in b)
    h = np.zeros((len(inputs), units))
    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        z = sigmoid(x @ W["z"] + b["z"] + h @ U["z"] + d["z"])
        r = sigmoid(x @ W["r"] + b["r"] + h @ U["r"] + d["r"])
        g = np.tanh(x @ W["g"] + b["g"] + r * (h @ U["g"] + d["g"]))
        h = z * h + (1 - z) * g
        outputs.append(h)
    return np.stack(outputs, 1), [h]


def minimal_gated_unit(inputs, W, U, b):
    units = U.shape[0]
    W, U, b = (_columns(array, units, "f", "g") for array in (W, U, b))
    h = np.zeros((len(inputs), units))
    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        f = sigmoid(x @ W["f"] + h @ U["f"] + b["f"])
        g = np.tanh(x @ W["g"] + f * (h @ U["g"]) + b["g"])
        h = (1 - f) * h + f * g
        outputs.append(h)
    return np.stack(outputs, 1), [h]
