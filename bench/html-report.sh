# Measures the page of --format html in Chromium, without findings and with 5,000 findings, 2,000 queries and 200 plans: size, milliseconds
# until it is shown and to scroll through the findings (three runs), memory of the renderer. Needs chromium, node.
#   bench/run html-report [FINDINGS QUERIES PLANS]
build=$(dirname "$pgadvise")
node "$build/web/browser/large-report.mjs" "$work/large.json" "$@"
node "$build/web/browser/large-report.mjs" "$work/empty.json" 0 0 0
for name in empty large; do "$pgadvise" report "$work/$name.json" -o "$work/$name.html" --quiet; done
cd "$build/web"
node browser/measure.mjs "$work/empty.html" "$work/large.html"
