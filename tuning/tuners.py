"""The names of KerasTuner's tuners on the command line."""

TUNERS = {
    "bayesian": "BayesianOptimization",
    "random": "RandomSearch",
    "hyperband": "Hyperband",
    "grid": "GridSearch",
}
