# tierwise: customer tiers from real orders. `make` alone lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# dbt finds the project and its profile from any directory and reports to nobody.
export DBT_PROJECT_DIR := $(CURDIR)
export DBT_PROFILES_DIR := $(CURDIR)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
export PYTHONPATH := $(CURDIR)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONHOME

run := .venv/bin
dev := .venv-dev/bin
bouncer := .venv-bouncer/bin
other_duckdbs := .cache/duckdb1/requirements.txt .cache/duckdb2/requirements.txt
charts := .venv-charts/bin
peers := .venv-peers/bin
spark := .venv-spark/bin


# --- What to build, and from what ----------------------------------------------------------------

# Only what is given to make itself counts: a DATABASE that the environment holds for another program
# is left alone. From the environment dbt reads TIERWISE_ORDERS and so on, with and without make.
given = $(and $(filter command,$(firstword $(origin $(1)))),$($(1)))

# Paths are relative to where make was called. That is not here with `make -C`, which adds a `w`.
called_from := $(if $(findstring w,$(firstword -$(MAKEFLAGS))),$(or $(PWD),$(CURDIR)),$(CURDIR))
stands_alone = $(or $(filter /% package:%,$(firstword $(1))),$(findstring ://,$(1)))
absolute = $(if $(call stands_alone,$(1)),$(1),$(called_from)/$(1))

$(foreach name,ORDERS ORDER_LINES REFUNDS CUSTOMERS PRODUCTS DATABASE ATTACH PUBLISHED SPILL_FOLDER,\
    $(if $(call given,$(name)),$(eval export TIERWISE_$(name) := $$(call absolute,$$($(name))))))
$(foreach name,THREADS TARGET MEMORY_LIMIT,\
    $(if $(call given,$(name)),$(eval export TIERWISE_$(name) := $$($(name)))))

# On Spark dbt runs in a session of an environment of its own, and leaves a DuckDB file to be published.
dbt := $(run)/dbt
ifeq ($(TIERWISE_TARGET),spark)
dbt := $(spark)/python -m tierwise.spark
export TIERWISE_SPARK_FOLDER ?= $(CURDIR)/spark
export TIERWISE_DATABASE ?= $(TIERWISE_SPARK_FOLDER)/marts.duckdb
endif

settings_file := $(or $(call given,SETTINGS),$(call given,MAPPING))
ifneq ($(settings_file),)
export TIERWISE_SETTINGS_FILE := $(call absolute,$(settings_file))
# The shell reads the file, so whatever stands in it reaches dbt as one argument.
with_settings = --vars "$$(cat -- "$$TIERWISE_SETTINGS_FILE")"
endif

.PHONY: settings-file
settings-file:
ifneq ($(settings_file),)
	@if ! [ -f "$$TIERWISE_SETTINGS_FILE" ] || ! [ -r "$$TIERWISE_SETTINGS_FILE" ]; then \
	    echo "SETTINGS names a file that cannot be read: $$TIERWISE_SETTINGS_FILE" >&2; \
	    echo "Give the path of a YAML file with settings, relative to where make is called." >&2; \
	    exit 1; \
	fi
	@if ! grep -q '[^[:space:]]' "$$TIERWISE_SETTINGS_FILE"; then \
	    echo "SETTINGS names an empty file: $$TIERWISE_SETTINGS_FILE" >&2; \
	    echo "Write settings into it (dbt_project.yml lists them under vars), or leave SETTINGS out." >&2; \
	    exit 1; \
	fi
endif


# --- What people call ----------------------------------------------------------------------------

.PHONY: help build publish rollback diff dashboard serve metrics test test-spark check docs picture pictures examples plots
.PHONY: benchmark lock clean distclean

help: ## list the targets and what can be set
	@echo "make TARGET [NAME=value ...]"
	@echo
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
	    while IFS='|' read -r target text; do printf '  %-11s %s\n' "$$target" "$$text"; done
	@echo
	@echo "  ORDERS= ORDER_LINES= REFUNDS= CUSTOMERS= PRODUCTS=   files or globs to read"
	@echo "  SETTINGS=shop.yml   settings and column mapping, as under vars in dbt_project.yml (or MAPPING=)"
	@echo "  ATTACH=shop.duckdb  a DuckDB file to read tables from"
	@echo "  DATABASE=out.duckdb the DuckDB file to write (default: tierwise.duckdb)"
	@echo "  PUBLISHED=bi.duckdb the DuckDB file to publish to (default: published/tierwise.duckdb)"
	@echo "  PORT=8001           where \`make serve\` listens (default: 8000)"
	@echo "  SIZE=1000000        customers of \`make benchmark\`, 10000 to 15000000 (JSON=figures.json keeps its figures)"
	@echo "  THREADS= TARGET=    models built at once; target of profiles.yml (duckdb, spark)"
	@echo "  MEMORY_LIMIT=12GB   what DuckDB may take of the memory (default: 80 % of it)"
	@echo "  SPILL_FOLDER=/big   where it puts what does not fit (default: beside DATABASE)"
	@echo "  PYTHON=python3.12   the Python for the environments (3.11 to 3.13)"

build: $(if $(filter spark,$(TIERWISE_TARGET)),.venv-spark/requirements.txt)
build: .venv/requirements.txt settings-file ## build all tables with their tests, publish them, show the tiers
	@$(if $(filter spark,$(TIERWISE_TARGET)),mkdir -p "$$TIERWISE_SPARK_FOLDER")
	@$(run)/python -m tierwise.lock $(dbt) build $(with_settings) \
	    --exclude-resource-type unit_test
	@$(run)/python -m tierwise.publish
	@$(run)/python -m tierwise.summary

publish: .venv/requirements.txt ## put the tables of the last build, if it was whole, where people read them
	@$(run)/python -m tierwise.publish

rollback: .venv/requirements.txt ## let people read the publication before the current one
	@$(run)/python -m tierwise.publish --rollback

# pytest is told nothing of this make, so that a test which calls make calls a fresh one.
test: .venv-dev/requirements.txt .venv-charts/requirements.txt .venv-spark/requirements.txt $(other_duckdbs) check ## run make check, then all tests
	@env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS $(dev)/pytest $(TEST_ARGS)

test-spark: export TIERWISE_FULL := 1
test-spark: .venv-dev/requirements.txt .venv-spark/requirements.txt ## build two shops in full on Spark and on DuckDB, and compare
	@env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS $(dev)/pytest integration_tests/test_spark.py $(TEST_ARGS)

# The tables are built without rows, beside the real ones: every model meets the engine and its
# contract, and the conventions are checked over the columns that there really are.
check: export TIERWISE_DATABASE := $(CURDIR)/.cache/check/tierwise.duckdb
check: export DBT_TARGET_PATH := $(CURDIR)/.cache/check
check: .venv-dev/requirements.txt .venv-bouncer/requirements.txt ## lint, types, conventions
	@echo "ruff"; $(dev)/ruff check .
	@$(dev)/ruff format --check .
	@echo "mypy"; $(dev)/mypy --cache-dir .cache/mypy
	@echo "sqlfluff"; $(dev)/sqlfluff lint models tests
	@echo "dbt, without rows"; mkdir -p .cache/check; rm -f .cache/check/tierwise.duckdb*
	@$(dev)/dbt --quiet build --empty --resource-type seed --resource-type model
	@$(dev)/dbt --quiet docs generate
	@echo "dbt-bouncer"; COLUMNS=160 $(bouncer)/dbt-bouncer run --show-all-failures

docs: export DBT_COLIBRI_NO_VERSION_CHECK := 1
docs: .venv-dev/requirements.txt settings-file ## write the documentation and lineage pages
	@[ -f "$${TIERWISE_DATABASE:-tierwise.duckdb}" ] || $(MAKE) --no-print-directory build
	@$(dev)/dbt --quiet docs generate --static $(with_settings)
	@$(dev)/colibri generate --disable-telemetry --output-dir target/lineage >target/lineage.log 2>&1 \
	    || { cat target/lineage.log >&2; exit 1; }
	@echo "Models, columns and tests: $(CURDIR)/target/static_index.html"
	@echo "Lineage of each column:    $(CURDIR)/target/lineage/index.html"

diff: .venv/requirements.txt ## say who changes tier: make diff BASE=before.duckdb, against the published file
ifndef BASE
	@echo "BASE names no file: make diff BASE=path/to/the/published/file/before.duckdb" >&2; exit 1
else
	@$(run)/python -m tierwise.compare "$(call absolute,$(BASE))" \
	    "$${TIERWISE_PUBLISHED:-published/tierwise.duckdb}"
endif

metrics: .venv-dev/requirements.txt ## list metrics, or ask: make metrics QUERY="--metrics revenue --group-by metric_time__month"
	@$(dev)/python -m tierwise.metrics $(if $(call given,QUERY),query $(QUERY),list metrics)

# Drawn from what is published. `boards` says where dbt-charts is: beside the Python that runs it.
dashboard: .venv-charts/requirements.txt ## write the dashboard: a page per board that works offline
	@[ -f "$${TIERWISE_PUBLISHED:-published/tierwise.duckdb}" ] || $(MAKE) --no-print-directory build
	@$(charts)/python -m tierwise.boards render

serve: .venv-charts/requirements.txt ## serve the dashboard with its filters to this machine (PORT=8000)
	@[ -f "$${TIERWISE_PUBLISHED:-published/tierwise.duckdb}" ] || $(MAKE) --no-print-directory build
	@$(charts)/python -m tierwise.boards serve --port "$(or $(call given,PORT),8000)"

pictures: .venv-dev/requirements.txt dashboard ## photograph boards for the README, with the Chromium of the system
	@$(dev)/python -m tierwise.photographs dashboard docs/dashboard

picture: .venv/requirements.txt ## draw docs/tiers.svg, the picture in the README, from the last build
	@$(run)/python -m tierwise.picture docs/tiers.svg

examples: .venv/requirements.txt ## write docs/examples.md, tables of the documentation, from the last build
	@$(run)/python -m tierwise.examples docs/examples.md

plots: .venv-dev/requirements.txt settings-file ## draw the lifetime values of the last build into target/plots
	@[ -f "$${TIERWISE_DATABASE:-tierwise.duckdb}" ] || $(MAKE) --no-print-directory build
	@$(dev)/python -m tierwise.plots target/plots

benchmark: .venv/requirements.txt .venv-peers/requirements.txt ## measure the core next to the same by hand (SIZE=50000 customers)
	@$(run)/python benchmarks/core_build.py --customers "$(or $(call given,SIZE),50000)" \
	    $(if $(call given,THREADS),--threads "$(THREADS)") --peers $(peers)/python \
	    $(if $(call given,JSON),--json "$(call absolute,$(JSON))")

lock: .venv-lock/requirements.txt ## renew requirements/*.txt from *.in (UPGRADE=1: newest versions)
	$(call compile,dev)
	$(call compile,run,--constraints dev.txt)
	$(call compile,bouncer)
	$(call compile,charts)
	$(call compile,spark,--constraints dev.txt)
	$(call compile,duckdb1)
	$(call compile,duckdb2)
	$(call compile,peers)
	$(call compile,lock)

clean: ## remove what builds wrote
	rm -rf target logs dashboard spark tierwise.duckdb tierwise.duckdb.wal tierwise.duckdb.lock .cache/mypy .pytest_cache .ruff_cache

distclean: clean ## remove the environments too
	rm -rf .venv .venv-dev .venv-bouncer .venv-charts .venv-peers .venv-spark .venv-lock .cache


# --- Environments --------------------------------------------------------------------------------

# Each holds a copy of the lock it was made from, written last: a set-up that failed leaves none, and
# one whose lock has not changed is left alone. It is made anew where its Python has gone, or where the
# project was moved: its commands hold the old path.
usable = $(shell [ -x $(1)/bin/python ] && grep -qsF "$(CURDIR)/$(1)/" $(1)/bin/pip && echo yes)
stale = $(if $(call usable,$(1)),,unusable)

.PHONY: unusable

.venv/requirements.txt: requirements/run.txt $(call stale,.venv)
	@$(create_environment)

.venv-dev/requirements.txt: requirements/dev.txt $(call stale,.venv-dev)
	@$(create_environment)

.venv-bouncer/requirements.txt: requirements/bouncer.txt $(call stale,.venv-bouncer)
	@$(create_environment)

.venv-charts/requirements.txt: requirements/charts.txt $(call stale,.venv-charts)
	@$(create_environment)

.venv-peers/requirements.txt: requirements/peers.txt $(call stale,.venv-peers)
	@$(create_environment)

.venv-spark/requirements.txt: requirements/spark.txt $(call stale,.venv-spark)
	@$(create_environment)

.venv-lock/requirements.txt: requirements/lock.txt $(call stale,.venv-lock)
	@$(create_environment)

# Other versions of DuckDB for the Python of .venv-dev, to be put in front of it on PYTHONPATH.
.cache/duckdb%/requirements.txt: requirements/duckdb%.txt .venv-dev/requirements.txt
	@rm -rf $(@D)
	@$(dev)/python -m pip install --quiet --require-hashes --no-deps --target $(@D) --requirement $<
	@cp $< $@

define create_environment
if [ -n "$(call usable,$(@D))" ] && cmp -s $< $@; then touch $@; exit 0; fi; \
python=; \
for candidate in $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11); do \
    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        >/dev/null 2>&1; then python=$$candidate; break; fi; \
done; \
if [ -z "$$python" ]; then \
    echo "$(if $(PYTHON),$(PYTHON) is not Python 3.11 to 3.13.,Found no Python 3.11 to 3.13.)" >&2; \
    echo "Install one (Debian and Ubuntu: apt-get install python3 python3-venv)," >&2; \
    echo "or name one: make PYTHON=/path/to/python3.12 $(or $(MAKECMDGOALS),build)" >&2; \
    exit 1; \
fi; \
if ! "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
    echo "$$python cannot make virtual environments: it has no venv or ensurepip module." >&2; \
    echo "Debian and Ubuntu: apt-get install python3-venv (or python3.12-venv and so on)." >&2; \
    exit 1; \
fi; \
echo "Setting up $(@D) from $< with $$("$$python" --version): once, takes a minute or two."; \
rm -rf $(@D) && \
"$$python" -m venv $(@D) && \
$(@D)/bin/python -m pip install --quiet --require-hashes --requirement $< && \
cp $< $@
endef

define compile
cd requirements && ../.venv-lock/bin/python -m uv pip compile --quiet --no-config --universal \
    --fork-strategy fewest --python-version 3.11 --generate-hashes --no-strip-extras \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
    $(if $(UPGRADE),--upgrade) $(2) $(1).in --output-file $(1).txt
endef
