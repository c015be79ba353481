# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts of this folder share: the cache outside the tree, and
# packages that are fetched into it with apt but never installed.

export LC_ALL=C
umask 022
cache=${BROKER_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/broker}
mkdir -p "$cache"

# Seconds are counted from the start of the command that the user gave.
: "${BROKER_EPOCH:=$EPOCHSECONDS}"
export BROKER_EPOCH

say() { printf '[%3ds] %s\n' $((EPOCHSECONDS - BROKER_EPOCH)) "$*" >&2; }
die() { say "$*"; exit 1; }

# Hold the lock NAME until this script ends: two runs share one cache.
lock() {
	local fd
	exec {fd}> "$cache/.lock-$1"
	flock -n "$fd" && return
	say "waiting for another run that holds $cache/.lock-$1"
	flock "$fd"
}

# An apt of our own: Debian's suites from the mirror that the host uses, with
# no packages installed, so that nothing depends on the host's state.
apt_options=(
	-oDir::State="$cache/apt/state"
	-oDir::State::status="$cache/apt/status"
	-oDir::Cache="$cache/apt/cache"
	-oDir::Etc::sourcelist="$cache/apt/sources.list"
	-oDir::Etc::sourceparts=/dev/null
	-oDir::Etc::preferencesparts=/dev/null
	-oAcquire::Check-Valid-Until=false
	-oAcquire::Retries=3
	-oAcquire::Languages=none
	-oAPT::Sandbox::User=root
	-oAPT::Install-Recommends=false
	-oDebug::NoLocking=1
)

# The URIs that the host's apt takes packages from; OPTIONs say where its lists are.
mirrors() {
	# shellcheck disable=SC2016 # apt's variable
	apt-get "$@" indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security
}

apt_update() {
	local mirror key suite host=(-oDir::State="$cache/apt/host" -oAPT::Sandbox::User=root)
	lock apt
	mirror=$(mirrors | head -n 1) || :
	# A host without lists, as a fresh container is, tells only after an update.
	if [[ ! $mirror ]]; then
		mkdir -p "$cache/apt/host/lists/partial"
		quietly apt-get -q "${host[@]}" update
		mirror=$(mirrors "${host[@]}" | head -n 1) || :
	fi
	[[ $mirror ]] || die "apt knows no Debian mirror: see /etc/apt/sources.list"
	key=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$cache"/apt/{state/lists/partial,cache/archives/partial}
	: > "$cache/apt/status"
	for suite in bookworm bookworm-backports sid; do
		echo "deb [arch=amd64 signed-by=$key] $mirror $suite main"
	done > "$cache/apt/sources.list"
	quietly apt-get -q "${apt_options[@]}" update
}

# Run a command; show what it printed only if it fails.
quietly() {
	local log status=0
	log=$(mktemp)
	"$@" > "$log" 2>&1 || status=$?
	if ((status)); then
		cat "$log" >&2
		say "failed: $*"
	fi
	rm -f "$log"
	return "$status"
}

# Download packages into the current directory.
apt_download() {
	quietly apt-get -q "${apt_options[@]}" download "$@"
}

# The field FIELD of the newest PACKAGE whose version starts with PREFIX.
apt_field() {
	apt-cache "${apt_options[@]}" show "$2" |
	awk -v field="$1:" -v prefix="$3" '
		$1 == "Version:" { match_ = index($2, prefix) == 1 }
		$1 == field && match_ { sub(/^[^ ]* /, ""); print; exit }'
}
