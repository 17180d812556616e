#!/bin/sh
# Holds the import directions of docs/architecture.md: every arrow between our packages points the way the tables say,
# and each big library stays behind one package. Test files are free: a test of the runtime may well copy a real table.
set -eu

module=$(go list -m)
imports=$(go list -deps -f '{{if .Module}}{{if .Module.Main}}{{.ImportPath}} {{join .Imports " "}}{{end}}{{end}}' ./...)

echo "$imports" | awk -v module="$module" '
BEGIN {
	# What a package may import of ours; the first line that fits counts. "x/..." is x and all below, as for go build,
	# and "." is the package at the top.
	own(".",                      "")
	own("policy",                 "")
	own("policy/builtin",         "policy")
	own("policy/guest",           "policy")
	own("policy/sim",             "policy/... runtime/probe")
	own("policy/policytest",      "policy/... runtime/probe")
	own("policy/...",             "policy/...")
	own("connectors",             "policy")
	own("connectors/...",         "policy connectors/...")
	own("runtime/probe",          "policy")
	own("runtime/...",            "policy connectors runtime/...")
	own("hcl/...",                "policy")
	own("report/...",             "policy policy/trace")
	own("live/...",               "policy policy/trace report")
	own("telemetry",              "runtime")
	own("internal/tunetest",      "policy/... connectors/... runtime/... internal/...") # for tests only
	own("internal/...",           "internal/...")
	own("examples/policies/...",  "policy policy/builtin policy/guest")
	own("...",                    ". policy/... connectors/... runtime/... hcl/... report live telemetry internal/... bench/... examples/...")

	# Which of our packages may import a library.
	library("github.com/hashicorp/hcl/...",     "hcl/...")
	library("github.com/tetratelabs/wazero/...", "policy/wasm/...")
	library("github.com/jackc/...",             "connectors/postgres/... internal/...")
	library("github.com/prometheus/...",         "live/... internal/...")
	library("github.com/chromedp/...",           "internal/browser")
	library(module "/internal/pgtest",          "internal/...")
}

function own(package, allowed)  { owners++; owner[owners] = package; mayImport[owners] = allowed }
function library(path, allowed) { libraries++; lib[libraries] = path; mayBeImportedBy[libraries] = allowed }

function fits(path, pattern,    base) {
	if (pattern == "...") return 1
	if (pattern !~ /\/\.\.\.$/) return path == pattern
	base = substr(pattern, 1, length(pattern) - 4)
	return path == base || index(path, base "/") == 1
}

function fitsAny(path, patterns,    list, n, i) {
	n = split(patterns, list, " ")
	for (i = 1; i <= n; i++) if (fits(path, list[i])) return 1
	return 0
}

function local(path) { return path == module ? "." : substr(path, length(module) + 2) }

function offend(package, path, why) {
	print package " must not import " path ": " why
	failed = 1
}

function checkOwn(package, path,    i) {
	for (i = 1; !fits(package, owner[i]); i++) continue
	if (!fitsAny(path, mayImport[i]))
		offend(package, path, "of our packages it may import " (mayImport[i] == "" ? "none" : "only " mayImport[i]))
}

function checkLibrary(package, path,    i) {
	for (i = 1; i <= libraries; i++)
		if (fits(path, lib[i]) && !fitsAny(package, mayBeImportedBy[i]))
			offend(package, path, "only " mayBeImportedBy[i] " may")
}

{
	package = local($1)
	for (i = 2; i <= NF; i++) {
		checkLibrary(package, $i)
		if ($i == module || index($i, module "/") == 1) checkOwn(package, local($i))
	}
}

END { exit failed }
' >&2
