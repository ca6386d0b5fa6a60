# Has real consumers read what pgadvise writes for services: Microsoft's SARIF Multitool (npm, a native program), with the rules of SARIF
# itself and of GitHub's code scanning, and junit2json. Exit code 1: an error, or a warning of a kind that is not known here.
#
#   bench/run formats-agree      reads fixtures/shop. Needs npm.

cd "$work"
echo '{"private": true, "type": "module"}' >package.json
npm install --silent --no-fund --no-audit @microsoft/sarif-multitool-linux junit2json >npm.txt 2>&1 || { cat npm.txt >&2; exit 2; }
multitool=node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
chmod u+x "$multitool"

(cd "$root" && "$pgadvise" check fixtures/shop --log fixtures/shop/logs/shop.log --fail-on never \
  --format sarif -o "$work/report.sarif" --format junit -o "$work/report.xml" --format json -o "$work/report.json") 2>/dev/null

DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$multitool" validate report.sarif --rule-kind "Sarif;Ghas" --level "Error;Warning" >told.txt 2>&1 || true
grep -q '^Done. 1 files scanned' told.txt || { cat told.txt >&2; exit 2; }
# SARIF2005: the tool names no page on the web.
if grep -E ': (error|warning) ' told.txt | grep -v SARIF2005; then exit 1; fi
echo "SARIF Multitool: no error, no warning but SARIF2005"

cat >count.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { parse } from 'junit2json';
const suites = await parse(readFileSync('report.xml', 'utf8'));
const findings = JSON.parse(readFileSync('report.json', 'utf8')).findings.filter((finding) => finding.verdict !== 'refuted').length;
const failed = suites.testsuite.flatMap((suite) => suite.testcase ?? []).filter((test) => test.failure).length;
console.log(`junit2json: ${suites.tests} tests, ${failed} of them failed; findings: ${findings}`);
process.exit(failed === findings && suites.failures === findings ? 0 : 1);
JS
node count.mjs
