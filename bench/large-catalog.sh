# How long `pgadvise check --db`, `pgadvise snapshot` and `pgadvise check` of that snapshot take over 10,000 tables and 50,000 indexes, in a
# throwaway PostgreSQL. Wants 5 s at most.
# Every foreign key has its index, so that the catalog is measured and not the plans that findings are confirmed by.
# Usage: bench/run large-catalog [TABLES] (default: 10000)
(($# <= 1)) || usage
tables=${1:-10000}
catalog=$work/catalog.sql
cat > "$catalog" <<'SQL'
\set ON_ERROR_STOP on
SET client_min_messages = error;
SELECT format('CREATE TABLE t%s (id bigint PRIMARY KEY, a bigint, b text NOT NULL, c timestamptz, d numeric(12,2), parent_id bigint REFERENCES t%s (id))', n, greatest(n - 1, 1))
  FROM generate_series(1, :tables) n \gexec
SELECT format('CREATE INDEX ON t%s (%s)', n, k) FROM generate_series(1, :tables) n, unnest(ARRAY['parent_id', 'b', 'c, a', 'd']) k \gexec
ANALYZE;
SELECT count(*) FILTER (WHERE relkind = 'r') AS tables, count(*) FILTER (WHERE relkind = 'i') AS indexes FROM pg_class WHERE relnamespace = 'public'::regnamespace;
SQL
"$pgadvise" sandbox -- sh -c '
  psql -qXf "$1" -v tables="$2" >/dev/null && psql -XAtc "SELECT count(*), (SELECT count(*) FROM pg_indexes WHERE schemaname = '"'public'"') FROM pg_tables WHERE schemaname = '"'public'"'"
  took() {
    name=$1; shift
    begin=$(date +%s%N)
    "$@" 2>/dev/null
    end=$(date +%s%N)
    echo "$name: $(( (end - begin) / 1000000 )) ms"
  }
  took "check --db" "$3" check --db env --fail-on never --format json -o /dev/null
  took snapshot "$3" snapshot --db env -o "$1.json"
  echo "its size: $(( $(wc -c < "$1.json") / 1000 )) KB"
  took "check --schema" "$3" check --schema "$1.json" --fail-on never --format json -o /dev/null' sh "$catalog" "$tables" "$pgadvise"
