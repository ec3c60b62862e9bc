# Two commands matter: make demo, make test. Each installs what it needs and says so.

PYTHON ?= python3
BIN := .venv/bin
C_FILES = $(shell git ls-files 'device/*.c' 'device/*.h' 'tools/*.c')
C_SOURCES = $(shell find device/src -name '*.c')
C_HEADERS = $(shell find device -name '*.h')
NATIVE := build/native.stamp
COVERED := build/coverage.stamp
# One more than cores: some tests wait.
WORKERS ?= 3

# Hundreds of commands are run: none should compile the package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check size firmware clean setup-demo setup-test setup-firmware pytest pytest-firmware server-table fuzz prove bench-ca bench-acme bench-time soak-kill soak-agent soak-nodes fuzz-http fuzz-time interop

help:
	@echo "make demo    the whole main job on real servers, told step by step"
	@echo "make demo FIRMWARE=1  and the device as Cortex-M3 firmware in an emulator, too"
	@echo "make test    everything: lint, types, C and Python tests, coverage"
	@echo "make check   lint and types only"
	@echo "make size    flash, RAM, stack and instructions of the device library per core"
	@echo "make firmware  the device as bare-metal firmware in an emulator, against real servers"
	@echo "make fuzz    fuzz the device library, SECONDS=60 for each target"
	@echo "make fuzz-http  ask the CA's services anything, EXAMPLES=5000 times"
	@echo "make fuzz-time  random, mutated and truncated packets for the Roughtime server, PACKETS=10000000"
	@echo "make prove   prove that the device's parsers have no run-time error"
	@echo "make bench-ca  how many device certificates a second the CA issues, on this machine"
	@echo "make bench-acme  how many ACME orders a second one core completes, and where its time goes"
	@echo "make server-table  start every server, check it, and write what was found into docs/"
	@echo "make interop    Roughtime with roughenough, each side asking the other; takes Rust"
	@echo "make bench-time  how many Roughtime requests a second one core answers, beside a peer"
	@echo "make soak-kill  kill an issuing CA 200 times, with SQLite and with PostgreSQL"
	@echo "make soak-nodes  1,000 ACME orders at two servers that share a database, one killed midway"
	@echo "make soak-agent  certificates of a minute replaced for twice ten minutes, no handshake failing"
	@echo "make clean   remove what was built (.venv stays; remove it by hand)"

setup-demo:
	@$(PYTHON) tools/setup_machine.py demo

setup-test:
	@$(PYTHON) tools/setup_machine.py test

setup-firmware:
	@$(PYTHON) tools/setup_machine.py firmware

# The device library as rootlet.device uses it.
$(NATIVE): $(C_SOURCES) $(C_HEADERS) tools/build_native.py setup.py
	@mkdir -p build
	@$(BIN)/python setup.py -q build_ext --inplace > build/native.log 2>&1 || { cat build/native.log; exit 1; }
	@touch $@

# The same, counting branches; the tests run on this one. It counts without atomic additions, which
# take half of the tests' time: two threads may lose a count, and a branch is taken or not.
$(COVERED): $(C_SOURCES) $(C_HEADERS) tools/build_native.py setup.py
	@rm -rf build/coverage build/coverage-temp && mkdir -p build
	@CFLAGS="--coverage -O0" LDFLAGS="--coverage" $(BIN)/python setup.py -q \
		build_ext --build-lib build/coverage --build-temp build/coverage-temp \
		> build/coverage.log 2>&1 || { cat build/coverage.log; exit 1; }
	@touch $@

demo: $(if $(FIRMWARE),setup-firmware,setup-demo)
	@$(MAKE) -s $(NATIVE)
	@$(if $(FIRMWARE),$(BIN)/python tools/lwip_source.py)
	@$(BIN)/rootlet demo $(if $(FIRMWARE),--firmware) $(DEMO)

check: setup-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
		--inline-suppr -Idevice/include -Idevice/src device/src device/ports device/examples
	$(BIN)/python tools/gen_profile.py --check

test: check
	@$(MAKE) -s $(NATIVE) $(COVERED)
	@$(MAKE) -s pytest pytest-firmware

pytest:
	@$(BIN)/python tools/lwip_source.py
	@rm -f .coverage .coverage.* && find build/coverage-temp -name '*.gcda' -delete
	PYTHONPATH=build/coverage $(LOOPBACK) $(BIN)/python -m pytest -q -n $(WORKERS) --dist=worksteal --ignore=tests/firmware --cov --cov-report=
	@$(BIN)/python tools/coverage_report.py

# What docs/servers.md says of each server, from a live run.
server-table: setup-test
	@$(MAKE) -s $(NATIVE)
	@PYTHONPATH=tests $(LOOPBACK) $(BIN)/python -m tools.server_table --write

size: setup-test
	@$(MAKE) -s $(NATIVE)
	@$(BIN)/python -m tools.size_report --write
	@$(LOOPBACK) $(BIN)/python -m tools.handshake --write

# In a network of its own, with nothing but a loopback, where the user may make one.
LOOPBACK = $(shell unshare -n true 2>/dev/null && echo "unshare -n sh -c 'ip link set lo up && exec \"\$$@\"' sh")

pytest-firmware:
	@$(BIN)/python tools/lwip_source.py
	@$(LOOPBACK) $(BIN)/python -m pytest -q tests/firmware

firmware: setup-test
	@$(MAKE) -s $(NATIVE) pytest-firmware
	@$(BIN)/python -m tools.firmware

# For each target; hours of it with SECONDS=3600.
SECONDS ?= 60

fuzz: setup-test
	@$(BIN)/python -m tools.fuzz --seconds $(SECONDS)

fuzz-http: setup-test
	@EXAMPLES=$${EXAMPLES:-5000} $(BIN)/python -m pytest -q --timeout=0 tests/ca/test_any_request.py

fuzz-time: setup-test
	@$(BIN)/python -m tools.fuzz_time --packets $${PACKETS:-10000000}

prove: setup-test
	@$(BIN)/python -m tools.prove

bench-ca: setup-test
	@$(BIN)/python -m tools.bench_ca

bench-acme: setup-test
	@$(MAKE) -s $(NATIVE)
	@$(BIN)/python -m tools.bench_acme --where

interop: setup-test
	@$(MAKE) -s $(NATIVE)
	@$(BIN)/python -m tools.interop_roughenough

bench-time: setup-test
	@$(BIN)/python -m tools.bench_time

soak-kill: setup-test
	@PYTHONPATH=src:tests $(BIN)/python -m tools.soak_kill

soak-nodes: setup-test
	@PYTHONPATH=src:tests $(BIN)/python -m tools.soak_nodes

soak-agent: setup-test
	@$(MAKE) -s $(NATIVE)
	@PYTHONPATH=tests $(BIN)/python -m tools.soak_agent

clean:
	rm -rf build dist src/*.so src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
