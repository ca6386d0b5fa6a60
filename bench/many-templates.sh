# A large workload for advisor: 5,000 different statements over 500 tables. Makes the tables of ten departments, with keys and a
# few indexes as an application has them, in an empty database, and the statements in a folder:
#
#   bench/run many-templates CONN FOLDER
#
# The tables have 100 to 200,000 rows, 7.4 million in all, and take 1.5 GB. A tenth of them is hot: it gets half of the statements, and
# half of those stand there up to twelve times, with other values. The same rows and statements each time. Then:
#
#   pgadvise advise --db CONN --workload FOLDER/many-templates.sql
(($# == 2)) || usage
conn=$1
folder=$2
mkdir -p "$folder"

python3 - "$work/tables.sql" "$folder/many-templates.sql" <<'PYTHON'
import sys

class Random:
    """A generator of its own: the same numbers under every Python."""
    def __init__(self, seed):
        self.state = seed
    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n
    def one(self, of):
        return of[self.below(len(of))]
    def some(self, of, count):
        left, out = list(of), []
        while left and len(out) < count:
            out.append(left.pop(self.below(len(left))))
        return out
    def chance(self, percent):
        return self.below(100) < percent

random = Random(2026)
AREAS = ["sales", "stock", "billing", "people", "support", "transport", "quality", "projects", "web", "archive"]
NOUNS = ["orders", "lines", "parties", "contracts", "tickets", "events", "places", "items", "notes", "accounts"]
STATUS = ["open", "paid", "shipped", "returned", "closed", "draft", "failed", "held"]

class Table:
    def __init__(self, number):
        self.name = "%s.%s_%d" % (AREAS[number // 50], NOUNS[number % 10], number // 10 % 5)
        self.number = number
        self.hot = number % 10 == 3
        self.rows = 200000 if number % 50 == 3 else 50000 if number % 12 == 3 or self.hot else 10000 if number % 10 in (0, 5, 7) else 2000 if number % 10 < 8 else 100 + number
        self.references = []  # (column, table)
        self.columns = {}     # name: (type, value for row g, a literal for the n-th different value, sort)

    def define(self, tables):
        for target in random.some([other for other in tables if other.number // 50 == self.number // 50 or other.hot], 1 + random.below(3)):
            column = "%s_id" % target.name.split(".")[1]
            if target is self:
                column = "parent_id"
            if column in self.columns:
                continue
            self.references.append((column, target))
            many = target.rows
            # Squared: some are referred to often, most seldom.
            self.add(column, "int", "1 + (%d * (abs(hashint4(g * 7 + %d)::bigint) %% 10007 / 10007.0) ^ 2)::int %% %d" % (many, self.number, many), lambda n, many=many: str(1 + n * 97 % many), "reference")
        kinds = random.one([5, 20, 200, 1000])
        few = 3 + random.below(6)
        self.add("status", "text", "(ARRAY['%s'])[1 + (%d * (abs(hashint4(g + %d)::bigint) %% 1009 / 1009.0) ^ 3)::int %% %d]" % ("', '".join(STATUS[:few]), few, self.number, few), lambda n: "'%s'" % STATUS[n % few], "few")
        self.add("kind", "int", "abs(hashint4(g + %d)::bigint) %% %d" % (self.number * 3, kinds), lambda n: str(n % kinds), "few")
        self.add("created_at", "timestamp", "timestamp '2024-01-01' + g * interval '%d seconds'" % (63072000 // self.rows), lambda n: "'2025-%02d-%02d'" % (1 + n % 12, 1 + n % 28), "time")
        self.add("amount", "numeric(10, 2)", "abs(hashint4(g + 5)::bigint) % 100000 / 10.0", lambda n: "%d.5" % (n * 37 % 10000), "number")
        optional = [
            ("updated_at", "timestamptz", "timestamptz '2025-01-01 00:00+00' + abs(hashint4(g + 9)::bigint) % 31536000 * interval '1 second'", lambda n: "'2025-%02d-%02d 12:00+00'" % (1 + n % 12, 1 + n % 28), "time"),
            ("due", "date", "CASE WHEN g % 5 = 0 THEN date '2025-01-01' + g % 365 END", lambda n: "'2025-%02d-%02d'" % (1 + n % 12, 1 + n % 28), "time"),
            ("code", "text", "'C' || lpad(g::text, 8, '0')", lambda n: "'C%08d'" % (1 + n * 97 % self.rows), "text"),
            ("name", "text", "'name' || abs(hashint4(g + 3)::bigint) % 2000", lambda n: "'name%d'" % (n % 2000), "text"),
            ("email", "text", "md5(g::text) || '@example.com'", lambda n: "'c4ca4238a0b923820dcc509a6f75849b@example.com'", "text"),
            ("token", "uuid", "md5(g::text)::uuid", lambda n: "'c4ca4238-a0b9-2382-0dcc-509a6f75849b'", "unique"),
            ("active", "bool", "g % 9 <> 0", lambda n: "true", "bool"),
            ("quantity", "smallint", "(g % 300)::smallint", lambda n: str(n % 300), "number"),
            ("weight", "float8", "abs(hashint4(g + 11)::bigint) % 5000 / 7.0", lambda n: "%d.25" % (n % 700), "number"),
            ("done_at", "timestamp", "CASE WHEN g %% 20 <> 0 THEN timestamp '2024-01-03' + g * interval '%d seconds' END" % (63072000 // self.rows), lambda n: "'2025-%02d-%02d'" % (1 + n % 12, 1 + n % 28), "time"),
        ]
        for column in random.some(optional, 3 + random.below(5)):
            self.add(*column)
        self.add("note", "text", "repeat('x', 10 + g %% %d)" % random.one([20, 60, 120]), lambda n: "'a note'", "pad")

    def add(self, name, type, value, literal, sort):
        self.columns[name] = (type, value, literal, sort)

    def ddl(self):
        out = "CREATE TABLE %s (id int, %s);\n" % (self.name, ", ".join("%s %s" % (name, column[0]) for name, column in self.columns.items()))
        out += "INSERT INTO %s SELECT g, %s FROM generate_series(1, %d) g;\n" % (self.name, ", ".join(column[1] for column in self.columns.values()), self.rows)
        out += "ALTER TABLE %s ADD PRIMARY KEY (id);\n" % self.name
        if self.number % 7 == 0:
            out += "CREATE INDEX ON %s (%s);\n" % (self.name, self.references[0][0])
        if self.number % 31 == 3:
            out += "CREATE INDEX ON %s (status, created_at);\n" % self.name
        return out

    def of(self, *sorts):
        return [name for name, column in self.columns.items() if column[3] in sorts]

    def literal(self, column):
        return self.columns[column][2](random.below(100000))

tables = [Table(number) for number in range(500)]
for table in tables:
    table.define(tables)

with open(sys.argv[1], "w") as out:
    for area in AREAS:
        out.write("CREATE SCHEMA %s;\n" % area)
    for table in tables:
        out.write(table.ddl())

# A statement is a form, with {} for its values, and the columns that they are values of.
def listed(table, alias=""):
    return ", ".join(alias + column for column in ["id"] + random.some(table.columns, 1 + random.below(4)))

def narrowed(table, alias=""):
    """A condition that is worth an index."""
    column = random.one(table.of("reference", "text", "unique", "few", "number"))
    return alias + column + " = {}", [(table, column)]

def ranged(table, alias=""):
    column = random.one(table.of("time", "number"))
    if random.chance(50):
        return "%s%s > {}" % (alias, column), [(table, column)]
    return "%s%s >= {} AND %s%s < {}" % (alias, column, alias, column), [(table, column)] * 2

def conditions(table, alias=""):
    form, values = narrowed(table, alias)
    for more in (narrowed, ranged):
        if random.chance(35):
            next_form, next_values = more(table, alias)
            form, values = form + " AND " + next_form, values + next_values
    if random.chance(10) and "active" in table.columns:
        form += " AND %sactive" % alias
    elif random.chance(10) and "done_at" in table.columns:
        form += " AND %sdone_at IS NULL" % alias
    return form, values

def look_up(table):
    column = random.one(["id"] + table.of("unique", "text", "reference"))
    return "SELECT %s FROM %s WHERE %s = {}" % (listed(table), table.name, column), [(table, column)]

def several(table):
    form, values = conditions(table)
    return "SELECT %s FROM %s WHERE %s" % (listed(table), table.name, form), values

def latest(table):
    form, values = conditions(table)
    order = random.one(table.of("time", "number"))
    return "SELECT %s FROM %s WHERE %s ORDER BY %s%s LIMIT 20" % (listed(table), table.name, form, order, random.one(["", " DESC", ", id"])), values

def top(table):
    order = random.some(table.of("time", "number", "text"), 1 + random.below(2))
    return "SELECT %s FROM %s ORDER BY %s LIMIT 10" % (listed(table), table.name, ", ".join(order)), []

def in_range(table):
    form, values = ranged(table)
    return "SELECT %s FROM %s WHERE %s" % (listed(table), table.name, form), values

def among(table):
    column = random.one(table.of("reference", "few", "number"))
    form, values = narrowed(table)
    return "SELECT %s FROM %s WHERE %s IN ({}, {}, {}) AND %s" % (listed(table), table.name, column, form), [(table, column)] * 3 + values

def starts_with(table):
    columns = table.of("text")
    if not columns:
        return look_up(table)
    column = random.one(columns)
    return "SELECT %s FROM %s WHERE %s LIKE {}" % (listed(table), table.name, column), [(table, column + "%")]

def grouped(table):
    form, values = random.one([ranged, conditions])(table)
    by = random.some(table.of("few", "reference"), 1 + random.below(2))
    return "SELECT %s, count(*), sum(amount) FROM %s WHERE %s GROUP BY %s" % (", ".join(by), table.name, form, ", ".join(by)), values

def extreme(table):
    form, values = narrowed(table)
    return "SELECT max(%s) FROM %s WHERE %s" % (random.one(table.of("time", "number")), table.name, form), values

def distinct(table):
    form, values = ranged(table)
    return "SELECT DISTINCT %s FROM %s WHERE %s" % (random.one(table.of("few", "reference")), table.name, form), values

def joined(table):
    """Two to four tables along their references."""
    form = "%s a" % table.name
    aliases = [("a.", table)]
    for alias in "bcd"[:1 + random.below(3)]:
        at, here = random.one(aliases)
        column, there = random.one(here.references)
        form += " JOIN %s %s ON %s.id = %s%s" % (there.name, alias, alias, at, column)
        aliases.append((alias + ".", there))
    at, here = random.one(aliases)
    where, values = conditions(here, at)
    last = aliases[-1]
    order = ""
    if random.chance(30):
        order = " ORDER BY a.created_at DESC LIMIT 50"
    return "SELECT %s, %sstatus FROM %s WHERE %s%s" % (listed(table, "a."), last[0], form, where, order), values

def joined_groups(table):
    column, there = random.one(table.references)
    where, values = ranged(table, "a.")
    return "SELECT b.%s, count(*) FROM %s a JOIN %s b ON b.id = a.%s WHERE %s GROUP BY 1 ORDER BY 2 DESC" % (random.one(there.of("few", "reference")), table.name, there.name, column, where), values

def existing(table):
    column, there = random.one(table.references)
    where, values = conditions(there, "b.")
    inner, more = ranged(table, "a.")
    return "SELECT %s FROM %s b WHERE %s AND %sEXISTS (SELECT FROM %s a WHERE a.%s = b.id AND %s)" % (listed(there, "b."), there.name, where, random.one(["", "NOT "]), table.name, column, inner), values + more

def update(table):
    column = random.one(["id", "id"] + table.of("reference", "unique"))
    changed = random.some(table.of("few", "number", "time", "pad"), 1 + random.below(2))
    return "UPDATE %s SET %s WHERE %s = {}" % (table.name, ", ".join("%s = {}" % each for each in changed), column), [(table, each) for each in changed] + [(table, column)]

def delete(table):
    form, values = random.one([narrowed, conditions])(table)
    return "DELETE FROM %s WHERE %s" % (table.name, form), values

def insert(table):
    columns = table.of("reference", "few", "number") + random.some(table.of("time", "text", "pad"), 2)
    return "INSERT INTO %s (id, %s) VALUES ({}, %s)" % (table.name, ", ".join(columns), ", ".join(["{}"] * len(columns))), [(table, "id")] + [(table, each) for each in columns]

FORMS = [look_up] * 8 + [several] * 12 + [latest] * 14 + [top] * 4 + [in_range] * 6 + [among] * 8 + [starts_with] * 4 + [grouped] * 8 + [extreme] * 4 + [distinct] * 3
FORMS += [joined] * 18 + [joined_groups] * 5 + [existing] * 6 + [update] * 6 + [delete] * 3 + [insert] * 4

def literal(table, column):
    if column == "id":
        return str(1 + random.below(table.rows))
    if column.endswith("%"):
        return "'%s%%'" % table.literal(column[:-1]).strip("'")[:7]
    return table.literal(column)

hot = [table for table in tables if table.hot]
seen, lines = set(), []
while len(seen) < 5000:
    table = random.one(hot if random.chance(50) else tables)
    form, values = random.one(FORMS)(table)
    words = tuple(sorted(form.replace(",", " ").split()))  # a fingerprint knows of no order among a SELECT's columns
    if words in seen:
        continue
    seen.add(words)
    for _ in range(1 + random.below(12) if table.hot and random.chance(50) else 1):
        lines.append(form.format(*[literal(*value) for value in values]) + ";\n")
with open(sys.argv[2], "w") as out:
    out.writelines(lines)
PYTHON

psql -qX -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION IF NOT EXISTS hypopg' -f "$work/tables.sql" -c 'VACUUM ANALYZE' "$conn"
echo "$folder/many-templates.sql: $(wc -l <"$folder/many-templates.sql") statements"
