# Compares what --migrate-with finds of the migrations of nine tools with what pgadvise finds of the same three migrations in SQL:
#
#   bench/run migrate-with [--modules NODE_MODULES]      exit code 1: something differs
#
# Drizzle, Prisma, knex, Sequelize, TypeORM and node-pg-migrate come from npm, into a temporary folder or from NODE_MODULES; Django,
# Alembic and ActiveRecord from Debian (python3-django, python3-psycopg2, alembic, ruby-activerecord, ruby-pg). A tool that is not there
# is named and left out. The findings and the locks of the newest migration have to be equal; of tools whose migrations are SQL also the
# statements.
modules=
if [[ ${1:-} == --modules ]]; then
  modules=$(realpath "${2:?}")
  shift 2
fi
(($# == 0)) || usage
if [[ -z $modules ]]; then
  npm install --prefix "$work/npm" --ignore-scripts --no-audit --no-fund --loglevel error drizzle-kit@0.31 drizzle-orm@0.45 pg@8 \
    knex@3 sequelize@6 sequelize-cli@6 typeorm@1 reflect-metadata prisma@6.19.0 @prisma/adapter-pg@6.19.0 node-pg-migrate@9 >&2 || true
  modules=$work/npm/node_modules
fi
python3 - "$work/projects" "$modules" "$pgadvise" <<'PYTHON'
import json, os, shutil, subprocess, sys
work, modules, pgadvise = sys.argv[1:]

def w(path, text):
    path = os.path.join(work, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)

def link(project):
    os.symlink(modules, os.path.join(work, project, "node_modules"))

SQL=['''CREATE TABLE users (id serial PRIMARY KEY, email text);
CREATE INDEX users_email ON users (email);
''','''CREATE TABLE orders (id serial PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id));
ALTER TABLE users ADD COLUMN name text NOT NULL DEFAULT 'x';
''','''CREATE INDEX orders_user_id ON orders (user_id);
ALTER TABLE orders ALTER COLUMN user_id TYPE bigint;
''']
N=['users','orders','wider']
# prisma
for i,n in enumerate(N): w(f'prisma/prisma/migrations/2026010{i+1}000000_{n}/migration.sql',SQL[i])
w('prisma/prisma/migrations/migration_lock.toml','provider = "postgresql"\n')
w('prisma/prisma/schema.prisma','datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\nmodel users {\n  id Int @id @default(autoincrement())\n  email String?\n}\n')
w('prisma/prisma.config.mjs', '''import pg from 'pg';
import { PrismaPg } from '@prisma/adapter-pg';

// The adapter of 6.19 does not know the type name, which the engine reads of the catalog: text.
class Pool extends pg.Pool {
  async query(...args) {
    const result = await super.query(...args);
    for (const field of result?.fields ?? []) if (field.dataTypeID === 19) field.dataTypeID = 25;
    return result;
  }
}
export default { experimental: { adapter: true }, engine: 'js', schema: 'prisma/schema.prisma',
  adapter: async () => new PrismaPg(new Pool({ connectionString: process.env.DATABASE_URL })) };
''')
w('prisma/package.json','{"type":"module"}\n')
link('prisma')
# drizzle
ent=[]
for i,n in enumerate(N):
    w(f'drizzle/drizzle/000{i}_{n}.sql','--> statement-breakpoint\n'.join(s.strip()+'\n' for s in SQL[i].strip().split('\n')))
    ent.append({"idx":i,"version":"7","when":1767225600000+i,"tag":f"000{i}_{n}","breakpoints":True})
w('drizzle/drizzle/meta/_journal.json',json.dumps({"version":"7","dialect":"postgresql","entries":ent}))
w('drizzle/drizzle.config.js',"module.exports = { dialect: 'postgresql', out: './drizzle', schema: './schema.js', dbCredentials: { url: process.env.DATABASE_URL } };\n")
w('drizzle/schema.js','')
w('drizzle/package.json','{}\n')
link('drizzle')
K=['''exports.up = async (k) => { await k.schema.createTable('users', (t) => { t.increments('id'); t.text('email'); t.index('email', 'users_email'); }); };
''','''exports.up = async (k) => {
  await k.schema.createTable('orders', (t) => { t.increments('id'); t.integer('user_id').notNullable().references('id').inTable('users'); });
  await k.schema.alterTable('users', (t) => { t.text('name').notNullable().defaultTo('x'); });
};
''','''exports.up = async (k) => {
  await k.schema.alterTable('orders', (t) => { t.index('user_id', 'orders_user_id'); });
  await k.schema.raw('ALTER TABLE orders ALTER COLUMN user_id TYPE bigint');
};
''']
for i,n in enumerate(N): w(f'knex/migrations/2026010{i+1}000000_{n}.js',K[i]+'exports.down = async () => {};\n')
w('knex/knexfile.js',"module.exports = { client: 'pg', connection: process.env.DATABASE_URL, migrations: { directory: './migrations' } };\n")
w('knex/package.json','{}\n')
link('knex')
S=['''  await q.createTable('users', { id: { type: S.INTEGER, primaryKey: true, autoIncrement: true }, email: S.TEXT });
  await q.addIndex('users', ['email'], { name: 'users_email' });
''','''  await q.createTable('orders', { id: { type: S.INTEGER, primaryKey: true, autoIncrement: true },
    user_id: { type: S.INTEGER, allowNull: false, references: { model: 'users', key: 'id' } } });
  await q.addColumn('users', 'name', { type: S.TEXT, allowNull: false, defaultValue: 'x' });
''','''  await q.addIndex('orders', ['user_id'], { name: 'orders_user_id' });
  await q.changeColumn('orders', 'user_id', { type: S.BIGINT });
''']
for i,n in enumerate(N): w(f'sequelize/migrations/2026010{i+1}000000-{n}.js',f"module.exports = {{ async up(q, S) {{\n{S[i]}}}, async down() {{}} }};\n")
w('sequelize/config/config.js',"module.exports = { development: { url: process.env.DATABASE_URL, dialect: 'postgres' } };\n")
w('sequelize/package.json','{}\n')
link('sequelize')
for i,n in enumerate(N):
    st=''.join(f'    await q.query({json.dumps(s)});\n' for s in SQL[i].strip().split('\n'))
    w(f'typeorm/migrations/176722560000{i}-{n}.js',f"class {n}176722560000{i} {{\n  name = '{n}176722560000{i}';\n  async up(q) {{\n{st}  }}\n  async down() {{}}\n}}\nmodule.exports = {{ {n}176722560000{i} }};\n")
w('typeorm/data-source.js',"require('reflect-metadata');\nconst { DataSource } = require('typeorm');\nmodule.exports = { source: new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, migrations: ['migrations/*.js'] }) };\n")
w('typeorm/package.json','{}\n')
link('typeorm')
P=['''  pgm.createTable('users', { id: { type: 'serial', primaryKey: true }, email: 'text' });
  pgm.createIndex('users', 'email', { name: 'users_email' });
''','''  pgm.createTable('orders', { id: { type: 'serial', primaryKey: true }, user_id: { type: 'integer', notNull: true, references: 'users' } });
  pgm.addColumn('users', { name: { type: 'text', notNull: true, default: 'x' } });
''','''  pgm.createIndex('orders', 'user_id', { name: 'orders_user_id' });
  pgm.alterColumn('orders', 'user_id', { type: 'bigint' });
''']
for i,n in enumerate(N): w(f'node-pg-migrate/migrations/176722560000{i}_{n}.js',f"exports.up = (pgm) => {{\n{P[i]}}};\nexports.down = () => {{}};\n")
w('node-pg-migrate/package.json','{}\n')
link('node-pg-migrate')
# django
w('django/manage.py','import os, sys\nos.environ["DJANGO_SETTINGS_MODULE"] = "settings"\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n')
w('django/settings.py','''import os
from urllib.parse import urlsplit
url = urlsplit(os.environ.get("DATABASE_URL", "postgresql://u:p@localhost:5432/x"))
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": url.hostname, "PORT": url.port, "USER": url.username, "PASSWORD": url.password or "", "NAME": url.path[1:]}}
''')
w('django/shop/__init__.py','')
w('django/shop/migrations/__init__.py','')
D=['''migrations.CreateModel("User", [("id", models.AutoField(primary_key=True)), ("email", models.TextField(null=True))], options={"db_table": "users"}),
        migrations.AddIndex("User", models.Index(fields=["email"], name="users_email")),''',
'''migrations.CreateModel("Order", [("id", models.AutoField(primary_key=True)), ("user", models.ForeignKey("shop.User", models.CASCADE, db_index=False))], options={"db_table": "orders"}),
        migrations.RunSQL("ALTER TABLE users ADD COLUMN name text NOT NULL DEFAULT 'x'"),''',
'''migrations.AddIndex("Order", models.Index(fields=["user"], name="orders_user_id")),
        migrations.RunSQL("ALTER TABLE orders ALTER COLUMN user_id TYPE bigint"),''']
for i,n in enumerate(N):
    dep='' if i==0 else f'("shop", "000{i}_{N[i-1]}")'
    w(f'django/shop/migrations/000{i+1}_{n}.py',f'from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    dependencies = [{dep}]\n    operations = [\n        {D[i]}\n    ]\n')
# rails
R=['''    create_table :users, id: :serial do |t|
      t.text :email
    end
    add_index :users, :email, name: "users_email"
''','''    create_table :orders, id: :serial do |t|
      t.integer :user_id, null: false
    end
    add_foreign_key :orders, :users
    add_column :users, :name, :text, null: false, default: "x"
''','''    add_index :orders, :user_id, name: "orders_user_id"
    change_column :orders, :user_id, :bigint
''']
for i,n in enumerate(N): w(f'rails/db/migrate/2026010{i+1}000000_{n}.rb',f'class {n.capitalize()} < ActiveRecord::Migration[6.1]\n  def up\n{R[i]}  end\nend\n')
w('rails/migrate.rb','''require "active_record"
ActiveRecord::Base.establish_connection(ENV.fetch("DATABASE_URL"))
ActiveRecord::Base.logger = nil
ActiveRecord::MigrationContext.new("db/migrate", ActiveRecord::SchemaMigration).migrate
''')
for i,n in enumerate(N): w(f'sql/V{i+1}__{n}.sql', SQL[i])

w('alembic/alembic.ini', '[alembic]\nscript_location = alembic\n')
w('alembic/alembic/env.py', '''import os
from alembic import context
from sqlalchemy import create_engine
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
''')
A = ['''    op.create_table('users', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('email', sa.Text()))
    op.create_index('users_email', 'users', ['email'])
''', '''    op.create_table('orders', sa.Column('id', sa.Integer(), primary_key=True),
                    sa.Column('user_id', sa.Integer(), sa.ForeignKey('users.id'), nullable=False))
    op.add_column('users', sa.Column('name', sa.Text(), server_default='x', nullable=False))
''', '''    op.create_index('orders_user_id', 'orders', ['user_id'])
    op.alter_column('orders', 'user_id', type_=sa.BigInteger())
''']
for i, n in enumerate(N):
    before = repr(f'{i}' * 12) if i else None
    w(f'alembic/alembic/versions/{i + 1}_{n}.py', f"""from alembic import op
import sqlalchemy as sa

revision = '{i + 1}' * 12
down_revision = {before}

def upgrade():
{A[i]}""")

def report(project, *arguments):
    ran = subprocess.run([pgadvise, "check", *arguments, "--all-schema", "--format", "json", "--fail-on", "never"],
                         cwd=os.path.join(work, project), capture_output=True, text=True)
    if ran.returncode:
        return None, ran.stderr.strip().splitlines()[-1][:600]
    out = json.loads(ran.stdout)
    table = lambda one: one["table"]["name"] if isinstance(one["table"], dict) else one["table"]
    forecasts = out.get("lock_forecasts", [])
    return {"findings": sorted((one["rule"], one["message"]) for one in out["findings"]),
            "locks": sorted({(table(one), one["mode"]) for forecast in forecasts for one in forecast["locks"]}),
            "statements": [one["text"] for forecast in forecasts for one in forecast["statements"]]}, ""

def module(name):
    return os.path.exists(os.path.join(modules, ".bin", name))

def python(name):
    return subprocess.run(["/usr/bin/python3", "-c", f"import {name}, psycopg2"], capture_output=True).returncode == 0

ruby = subprocess.run(["ruby", "-e", 'require "active_record"; require "pg"'], capture_output=True).returncode == 0 if shutil.which("ruby") else False
# The project, its command, whether its migrations are SQL, and whether the tool is there.
TOOLS = [("drizzle", "npx drizzle-kit migrate", True, module("drizzle-kit")),
         ("prisma", "npx prisma migrate deploy", True, module("prisma")),
         ("typeorm", "npx typeorm migration:run -d data-source.js", True, module("typeorm")),
         ("knex", "npx knex migrate:latest", False, module("knex")),
         ("sequelize", "npx sequelize-cli db:migrate", False, module("sequelize-cli")),
         ("node-pg-migrate", "npx node-pg-migrate up", False, module("node-pg-migrate")),
         ("django", "/usr/bin/python3 manage.py migrate", False, python("django")),
         ("alembic", "/usr/bin/python3 -m alembic.config upgrade head", False, python("alembic")),
         ("rails", "ruby migrate.rb", False, ruby)]
expected, error = report("sql", "--sandbox", ".")
if not expected:
    sys.exit(f"migrate-with: {error}")
failed = False
for project, command, sql, there in TOOLS:
    if not there:
        print(f"{project}: not installed, left out")
        continue
    found, error = report(project, "--migrate-with", command)
    if not found:
        print(f"{project}: {error}")
        failed = True
        continue
    parts = ["findings", "locks"] + (["statements"] if sql else [])
    wrong = [part for part in parts if found[part] != expected[part]]
    for part in wrong:
        print(f"{project}: other {part}: {found[part]} instead of {expected[part]}")
    failed |= bool(wrong)
    if not wrong:
        print(f"{project}: the same {', '.join(f'{len(found[part])} {part}' for part in parts)}")
sys.exit(failed)
PYTHON
