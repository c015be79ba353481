# SPDX-License-Identifier: GPL-2.0-or-later
#
# broker: a message broker in the Linux kernel. `make` alone lists the targets.
#
# What is built goes to build/: bin, lib, kmod-KERNEL (the module), check (logs).
# Kernels, QEMU and the kernel's source are kept in ~/.cache/broker.

# 6.1 or 6.12 of Debian, or debug; host is the running kernel.
KERNEL ?= 6.1
# What the demonstration publishes.
INPUT ?= /var/log/dpkg.log
PREFIX ?= /usr/local
O := $(CURDIR)/build

export KERNEL INPUT PREFIX DESTDIR
# Progress is told in seconds since the start.
ifndef BROKER_EPOCH
export BROKER_EPOCH := $(shell date +%s)
endif
# As many jobs as there are processors, unless told otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
say = printf '[%3ds] %s\n' $$(($$(date +%s) - $(BROKER_EPOCH)))

tools := $(wildcard $(patsubst %,%/Makefile,$(wildcard tools/*)))
tests := $(wildcard $(patsubst %,%/Makefile,$(wildcard selftests/*)))
sub = $(MAKE) --no-print-directory -C $(1) O=$(O) $(2)

.PHONY: help
help: ## list the targets
	@echo "broker: a message broker in the Linux kernel"
	@echo
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 18
	@echo
	@echo "  KERNEL=6.1|6.12|debug chooses the guest's kernel (6.1), INPUT=FILE what the demo"
	@echo "  publishes, DESTDIR and PREFIX where to install. Root or sudo is needed by deps,"
	@echo "  load, unload and install."

.PHONY: demo
demo: deps ## show the broker at work, in a guest, on this machine's package log
	@test -r "$(INPUT)" || { echo "demo: cannot read $(INPUT); choose another file: INPUT=FILE"; exit 1; }
	@$(say) "building the module, the library and the tools"
	@$(MAKE) --no-print-directory -s all
	@mkdir -p $(O)/demo && cp "$(INPUT)" $(O)/demo/input
	@$(say) "starting the guest"
	@selftests/vm/boot --kernel $(KERNEL) --timeout 300 --log $(O)/demo/kernel.log --out $(O)/demo -- \
		env INPUT=/run/broker/out/input INPUT_NAME="$(INPUT)" tools/demo/demo

.PHONY: shell
shell: deps ## a prompt in a guest, with the module loaded and brokerctl at hand
	@$(MAKE) --no-print-directory -s all
	@selftests/vm/boot --kernel $(KERNEL) --shell

.PHONY: check
check: deps ## build, lint and test everything, on KERNEL and on the debug kernel
	@selftests/check

.PHONY: bench
bench: deps ## what a million scheduled messages cost the others, measured in a guest
	@$(MAKE) --no-print-directory -s all
	@mkdir -p $(O)/bench
	@$(say) "starting the guest"
	@selftests/vm/boot --kernel $(KERNEL) --memory 4096 --timeout 900 --log $(O)/bench/kernel.log --out $(O)/bench -- \
		env BENCH_RESULTS=/run/broker/out/scheduled.json broker-bench
	@echo "results: $(O)/bench/scheduled.json"

.PHONY: torture
torture: deps ## random operations against the model, and stress, for TORTURE_SECONDS (600)
	@$(MAKE) --no-print-directory -s module tests
	@selftests/torture

.PHONY: lint
lint: deps ## look at the sources only
	@selftests/run-suites lint

.PHONY: unit
unit: deps ## run the tests that need no kernel
	@$(MAKE) --no-print-directory -s tests
	@selftests/run-suites unit

.PHONY: fuzz
fuzz: deps ## run the fuzzer of the parsers, for FUZZ_SECONDS
	@+$(call sub,selftests/unit,fuzz)

.PHONY: deps
deps: ## install the Debian packages that are missing (.ci/packages)
	@.ci/deps

.PHONY: all
all: module lib tools ## build the module, the library and the tools

# The module is built in a copy of its sources, one for each kernel. rsync
# keeps the times, so only what has changed is compiled.
.PHONY: module
kmod := $(O)/kmod-$(KERNEL)
made := built-for *.o *.ko *.mod *.mod.c .*.cmd .*.d .tmp_* Module.symvers modules.order
headers = $(if $(filter host,$(KERNEL)),/lib/modules/$(shell uname -r)/build,$$(selftests/vm/kernel $(KERNEL))/build)
werror := W=1 KCFLAGS=-Werror
# BTF would need pahole, and on 6.1 what its headers lack.
kbuild := $(MAKE) -s --no-print-directory CONFIG_DEBUG_INFO_BTF_MODULES=

module: ## build the module for KERNEL: build/kmod-KERNEL/broker.ko
	@mkdir -p $(kmod)
	@rsync -rlpt --delete $(patsubst %,--exclude='%',/uapi $(made)) kmod/ $(kmod)/
	@rsync -rlpt --delete uapi/ $(kmod)/uapi/
	@+build=$(headers) && $(kbuild) -C "$$build" M=$(kmod) $(werror) $(KBUILD) modules && \
		echo "$$build" > $(kmod)/built-for

.PHONY: lib
lib: ## build libbroker: build/lib
	@+$(call sub,libbroker,all)

.PHONY: tools
tools: lib ## build brokerctl and the demonstration: build/bin
	@+set -e; $(foreach dir,$(patsubst %/Makefile,%,$(tools)),$(call sub,$(dir),all);)

.PHONY: tests
tests: lib ## build the test programs
	@+set -e; $(foreach dir,$(patsubst %/Makefile,%,$(tests)),$(call sub,$(dir),all);)

.PHONY: netlink
netlink: deps ## make the C files that follow from uapi/broker.yaml
	@selftests/lint/netlink-spec "$$(selftests/vm/kernel source)" --write

.PHONY: install
install: lib tools ## install the library, the tools and their manuals
	@+set -e; $(foreach dir,libbroker $(patsubst %/Makefile,%,$(tools)),$(call sub,$(dir),install);)

sudo := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: load
load: deps ## build the module for the running kernel, and load it
	@test -e /lib/modules/$$(uname -r)/build || { \
		echo "load: no headers of the running kernel: apt install linux-headers-$$(uname -r)" >&2; exit 1; }
	@$(MAKE) --no-print-directory module KERNEL=host werror=
	@$(sudo) insmod $(O)/kmod-host/broker.ko || { \
		echo "load: the kernel refuses the module; its log (dmesg) says why. With secure boot" >&2; \
		echo "it must be signed with a key that the kernel trusts. \`make shell\` needs neither." >&2; exit 1; }
	@echo "broker is loaded: /dev/broker"

.PHONY: unload
unload: ## unload it; brokerctl drain --wait empties its queues first
	@$(sudo) rmmod broker || { echo 'Is a session open? brokerctl who' >&2; exit 1; }

.PHONY: clean
clean: ## remove build/
	rm -rf $(O)
