# Compiles the Drizzle code of every fix that pgadvise proposes for fixtures/drizzle-fixes and fixtures/shop, each against the
# project's own schema.ts, with the versions of bench/drizzle-fixes/package-lock.json. Needs npm.
#
#   bench/run drizzle-fixes-compile

cp "$root"/bench/drizzle-fixes/{package.json,package-lock.json,compile.mjs} "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund --silent

compile() { # NAME, schema.ts, the least number of fixes, arguments of check
  local name=$1 schema=$2 least=$3
  shift 3
  "$pgadvise" check "$@" --format json >"$name.json" || (($? == 1))
  node compile.mjs "$name" "$schema" "$name.json" "$least"
}

fixes=$root/fixtures/drizzle-fixes
shop=$root/fixtures/shop
compile drizzle-fixes "$fixes/src/schema.ts" 14 "$fixes" --log "$fixes/app.log"
compile shop "$shop/src/db/schema.ts" 10 "$shop" --log "$shop/logs/shop.csv"
