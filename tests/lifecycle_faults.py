"""What could go wrong after an export: comparisons, updates, monitors, files of options; see `faults.py`."""

LIFECYCLE = [
    (
        "after an export: a comparison on a row that a model knows",
        "seqmem/lifecycle/dates.py",
        "dates = dates[dates > border(data, text)]",
        "dates = dates[dates >= border(data, text)]",
        "tests/test_comparing.py",
    ),
    (
        "after an export: a card that does not say what its model knows",
        "seqmem/serving/card.py",
        '{"dates": known | dict(dates or {})}',
        '{"dates": dict(dates or {})}',
        "tests/test_comparing.py",
    ),
    (
        "after an export: an update that is worse, and exported",
        "seqmem/lifecycle/updating.py",
        "    if found.is_worse and not even_if_worse:\n",
        "    if even_if_worse:\n",
        "tests/test_updating.py",
    ),
    (
        "after an export: an update scored on rows that it is trained on",
        "seqmem/lifecycle/updating.py",
        "    return new[-wanted]\n",
        "    return new[0]\n",
        "tests/test_updating.py",
    ),
    (
        "after an export: a monitor that is always content",
        "seqmem/lifecycle/monitoring.py",
        "        return not self.alarms\n",
        "        return True\n",
        "tests/test_monitoring.py",
    ),
    (
        "after an export: drift in the scale of the rows that drift",
        "seqmem/lifecycle/drift.py",
        "scale = float(before.std())",
        "scale = float(each.std())",
        "tests/test_monitoring.py",
    ),
    (
        "after an export: a log judged by rows that its version was trained on",
        "seqmem/lifecycle/logged.py",
        "np.flatnonzero(late & ~known)",
        "np.flatnonzero(late)",
        "tests/test_monitoring.py",
    ),
    (
        "after an export: a log of forecasts without a bound",
        "seqmem/serving/server/forecast_log.py",
        "            path.unlink(missing_ok=True)\n",
        "",
        "tests/test_forecast_log.py",
    ),
    (
        "after an export: a search with new rows that forgets its winner",
        "tuning/selection/restart.py",
        "{**hypermodel.task.default, **choice}",
        "{**hypermodel.task.default}",
        "tests/test_restart.py",
    ),
    (
        "after an export: an option's error that names the first line",
        "seqmem/cli/config_file.py",
        "    return lines[-1] if lines else 1\n",
        "    return 1\n",
        "tests/test_config_file.py",
    ),
]
