# Lints the same files with pgadvise and squawk, one after the other on one core of the same machine, and prints a table of processor
# time (user and system, best of five; one run where that takes over ten seconds).
#
#   bench/run compare-squawk [--squawk PROGRAM] [FILE…]
#
# Without FILE: a dump of 1,000 tables as pg_dump writes them (2 MB) and 300 migrations (400 KB), both made here. FILEs, all
# together, are one more row. squawk is npm's squawk-cli (npm install squawk-cli; its native binary lies in
# node_modules/@squawk-cli/*/bin).
squawk=squawk
if [[ ${1:-} == --squawk ]]; then squawk=${2:?}; shift 2; fi
if [[ ${1:-} == -* ]]; then usage; fi
command -v "$squawk" >/dev/null || { echo "compare-squawk: no $squawk: npm install squawk-cli, and --squawk PROGRAM" >&2; exit 2; }

dump() {
  awk 'BEGIN {
    print "SET statement_timeout = 0;\nSET client_encoding = '\''UTF8'\'';\nSELECT pg_catalog.set_config('\''search_path'\'', '\'''\'', false);\n"
    for (i = 1; i <= 1000; i++) {
      t = "public.table_" i
      printf "CREATE TABLE %s (\n    id bigint NOT NULL,\n    parent_id bigint,\n", t
      for (c = 1; c <= 20; c++) printf "    column_%d character varying(255) DEFAULT '\''none'\''::character varying,\n", c
      printf "    settings jsonb DEFAULT '\''{}'\''::jsonb NOT NULL,\n    created_at timestamp with time zone DEFAULT now() NOT NULL\n);\n\n"
      printf "CREATE SEQUENCE %s_id_seq\n    START WITH 1\n    INCREMENT BY 1\n    NO MINVALUE\n    NO MAXVALUE\n    CACHE 1;\n\nALTER SEQUENCE %s_id_seq OWNED BY %s.id;\n\n", t, t, t
      printf "ALTER TABLE ONLY %s ALTER COLUMN id SET DEFAULT nextval('\''%s_id_seq'\''::regclass);\n\n", t, t
    }
    for (i = 1; i <= 1000; i++) printf "ALTER TABLE ONLY public.table_%d\n    ADD CONSTRAINT table_%d_pkey PRIMARY KEY (id);\n\n", i, i
    for (i = 1; i <= 1000; i++) printf "CREATE INDEX index_table_%d_on_column_1 ON public.table_%d USING btree (column_1);\n\nCREATE UNIQUE INDEX index_table_%d_on_column_2 ON public.table_%d USING btree (column_2, column_3);\n\n", i, i, i, i
    for (i = 2; i <= 1000; i++) printf "ALTER TABLE ONLY public.table_%d\n    ADD CONSTRAINT fk_table_%d FOREIGN KEY (parent_id) REFERENCES public.table_%d(id) ON DELETE CASCADE;\n\n", i, i, i - 1
  }'
}

migrations() { # FOLDER
  awk -v folder="$1" 'BEGIN {
    for (i = 1; i <= 300; i++) {
      file = sprintf("%s/%04d_step.sql", folder, i)
      printf "CREATE TABLE \"thing_%d\" (\n\t\"id\" text PRIMARY KEY NOT NULL,\n\t\"owner_id\" text NOT NULL,\n", i > file
      for (c = 1; c <= 24; c++) printf "\t\"field_%d\" text DEFAULT '\''x'\'' NOT NULL,\n", c > file
      printf "\t\"created_at\" timestamp DEFAULT now() NOT NULL\n);\n" > file
      if (i > 1) {
        printf "ALTER TABLE \"thing_%d\" ADD COLUMN \"later\" integer;\n", i - 1 > file
        printf "ALTER TABLE \"thing_%d\" ADD CONSTRAINT \"thing_%d_owner_fk\" FOREIGN KEY (\"owner_id\") REFERENCES \"public\".\"thing_%d\"(\"id\") ON DELETE cascade ON UPDATE no action;\n", i, i, i - 1 > file
        printf "CREATE INDEX \"thing_%d_later\" ON \"thing_%d\" USING btree (\"later\");\nALTER TABLE \"thing_%d\" ALTER COLUMN \"field_1\" SET DATA TYPE varchar(40);\n", i - 1, i - 1, i - 1 > file
      }
      close(file)
    }
  }'
}

seconds() { # COMMAND…: the least of five, user and system
  local best= spent
  for _ in 1 2 3 4 5; do
    spent=$({ TIMEFORMAT='%U %S'; time taskset -c 0 "$@" >/dev/null 2>&1 || true; } 2>&1 | awk '{print $1 + $2}')
    best=$(awk -v a="${best:-1e9}" -v b="$spent" 'BEGIN {print b < a ? b : a}')
    if awk -v s="$spent" 'BEGIN {exit !(s > 10)}'; then break; fi
  done
  echo "$best"
}

row() { # NAME FILE…
  local name=$1 ours theirs
  shift
  ours=$(seconds "$pgadvise" check "$@" --format json)
  theirs=$(seconds "$squawk" --assume-in-transaction "$@")
  awk -v n="$name" -v k="$(cat "$@" | wc -c)" -v o="$ours" -v t="$theirs" 'BEGIN {printf "%-28s %8.0f %10.3f %10.3f %8.1f\n", n, k / 1024, o, t, (o > 0 ? t / o : 0)}'
}

printf '%-28s %8s %10s %10s %8s\n' files KB pgadvise squawk ratio
if (($#)); then
  row "$# files" "$@"
else
  dump >"$work/structure.sql"
  mkdir "$work/migrations"
  migrations "$work/migrations"
  row "structure.sql, 1,000 tables" "$work/structure.sql"
  row "300 migrations, each judged" "$work"/migrations/*.sql
  row "one migration of 300" "$work/migrations/0300_step.sql"
fi
