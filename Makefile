# run: the main job on real data · test: the suite · notebooks, browser: theirs of the docs' notebooks, and in Chromium ·
# lint: ruff and mypy · types: how much has a type ·
# docs: the site · wheel: what a release uploads · bench: speed · evidence: every figure on volatility ·
# example: saved_models/sp500_example ·
# pretrained: saved_models/variance_pooled* ·
# clean: forget .venv
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Installed anew when setup.cfg changes. "compat", so that a clone in a folder named seqmem does not hide the
# package from a script that stands beside that folder.
READY = $(VENV)/.ready

# What carries bars of two stocks: their files are read, and they are not imported, so without their dependencies.
BARS = pmdarima==2.1.1 backtesting==0.6.6
# The serving messages that the tests compare ours with. Without its dependencies: they are tensorflow, 572 MB,
# over tensorflow-cpu.
SERVING = $$(sed -n 's/^ *\(tensorflow-serving-api\) *>= *\(.*\)/\1>=\2/p' setup.cfg)

.PHONY: run test notebooks browser lint types docs wheel example pretrained bench evidence clean

run: $(READY)
	$(BIN)/seqmem tune --prices bundled:sp500 --name sp500_path --out saved_models \
		--cells lstm,gru,rnn --units 8:64 --lookbacks 10,20,60,120,252 --horizon 5 \
		--tuner bayesian --folds 2 --max-trials 8 --epochs 15 --seed 7

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# the page of a report, in Debian's chromium and chromium-driver
notebooks: $(READY)
	$(BIN)/python -m pytest -m slow tests/test_notebooks.py

browser: $(READY)
	$(BIN)/python -m pytest -m browser

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

types: $(READY)
	$(BIN)/python .ci/type_completeness.py

docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

pretrained: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[stocks]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(BARS)
	$(BIN)/python -m research.pretrain

wheel: $(READY)
	rm -rf build/dist build/lib build/bdist.*
	$(BIN)/python -m build --outdir build/dist .

example: $(READY)
	$(BIN)/python -m examples.sp500_example

bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[bench]'
	$(BIN)/python -m benchmarks

evidence: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[stocks]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(BARS)
	$(BIN)/python -m research.evidence

$(READY): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else \
		"seqmem needs Python 3.11 to 3.13, and $(PYTHON) is %d.%d: make PYTHON=python3.12 ..." % v)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--config-settings editable_mode=compat --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(SERVING)
	touch $@

clean:
	rm -rf $(VENV)
