# Every target says in one line what it does: `make help`.
.DEFAULT_GOAL := help
.PHONY: help run up test campaigns chaos soak seeded-bugs check bench kafka clean

BIN := .venv/bin
MODERN := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.11 python3; do "$$p" -c '$(MODERN)' 2>/dev/null && { command -v "$$p"; break; }; done)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# So many test files at a time: they wait as much as they reckon.
WORKERS ?= 2
# The long files first: at the end no worker waits for another.
ABREAST := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
ARGS ?=

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.installed ## install what is needed, then do the main job once: data to orders to report (ARGS="--json")
	@$(BIN)/tradewind run $(ARGS)

up: .venv/.installed ## keep everything running until Ctrl-C, with the Dagster UI (ARGS="--data-dir DIR")
	@$(BIN)/tradewind up $(ARGS)

test: .venv/.installed ## run the test suite, WORKERS files at a time (ARGS="-k name")
	@$(BIN)/python -m pytest -m "not chaos" $(ABREAST) $(ARGS)

campaigns: .venv/.installed ## run the campaigns of faults in their short form, WORKERS files at a time (ARGS="-k kills")
	@$(BIN)/python -m pytest -m chaos -rfEsP $(ABREAST) $(ARGS)

chaos: .venv/.installed ## run the campaigns of faults in their long form, two hours or more (ARGS="-k kills")
	@TRADEWIND_TEST_SIGKILLS=10000 TRADEWIND_TEST_FREEZES=2000 TRADEWIND_TEST_MATRIX_SHARE=1 \
		TRADEWIND_TEST_COLD_STARTS=50 TRADEWIND_TEST_TAKEOVERS=300 TRADEWIND_TEST_MESSAGES=100000 \
		TRADEWIND_TEST_TRIPS=1000 TRADEWIND_TEST_WORLDS=50000 TRADEWIND_TEST_FUZZ_SIGNALS=1000000 \
		TRADEWIND_TEST_FUZZ_PAYLOADS=200000 TRADEWIND_TEST_FUZZ_ROWS=1000000 \
		TRADEWIND_TEST_DATABASE_CRASHES=60 TRADEWIND_TEST_BROKER_KILLS=30 TRADEWIND_TEST_FUZZ_NEWS=100000 \
		$(BIN)/python -m pytest -m chaos -s $(ARGS)

soak: .venv/.installed ## let execution trade for 20 minutes and see that it holds no more than before
	@TRADEWIND_TEST_SOAK_MINUTES=20 $(BIN)/python -m pytest -s tests/chaos/test_soak.py $(ARGS)

seeded-bugs: .venv/.installed ## make each of our known bugs in a copy and see its test fail, ten minutes or more
	@TRADEWIND_TEST_ALL_BUGS=1 $(BIN)/python -m pytest -s tests/chaos/test_seeded_bugs.py $(ARGS)

check: .venv/.installed ## lint, format, types, import contracts, SQL, sizes
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint sql
	@$(BIN)/python -m pytest -q tests/architecture

bench: .venv/.installed ## measure our parts against their peers, writes .tradewind/bench.json (ONLY=name,name)
	@$(BIN)/python -m tests.performance.bench $(if $(ONLY),--only $(ONLY)) $(ARGS)

kafka: .venv/.installed ## run a real Apache Kafka on a free port until Ctrl-C (needs Java 17 and Maven)
	@$(BIN)/python -m services.supervisor.apache_kafka $(or $(ARGS),.tradewind)

clean: ## stop the local database and delete the environment, the data and all caches
	@test ! -d .tradewind -o ! -x $(BIN)/python || $(BIN)/python -c "from pathlib import Path; \
		from adapters.store.local_postgres import LocalPostgres; LocalPostgres(Path('.tradewind')).remove()" || true
	@rm -rf .venv .tradewind .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made anew when a pin or the package changes; a half-made one is made again, for the stamp comes last.
.venv/.installed: constraints.txt pyproject.toml
	@"$(or $(PYTHON),false)" -c '$(MODERN)' 2>/dev/null || \
		{ echo "Tradewind needs Python 3.11 or newer. Say where it is: make run PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Installing into .venv (once, a minute or two) ..."
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv
	@$(PIP) install --require-hashes -r constraints.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
