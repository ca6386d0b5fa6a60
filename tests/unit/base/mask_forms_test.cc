// Forms of SQL in which a constant is a secret, and what only looks like one.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "base/text/mask.h"
#include "base/text/mask_constants.h"

namespace pgadvise {
namespace {

// In each, "hunter2" is the secret, and what holds "ok" an ordinary constant or name.
constexpr const char* forms[] = {
    R"~(select 1 from u where case when a = 'ok1' then password end = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where case password when 'hunter2' then 'ok1' end is not null and b = 'ok')~",
    R"~(select 1 from u where (select password from v where id = 42) = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where 'hunter2' operator(pg_catalog.=) password and b = 'ok')~",
    R"~(select 1 from u where password OPERATOR(pg_catalog.=) 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where password ^@ 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where password ~~ 'hunter2' and b ~~ 'ok')~",
    R"~(select 1 from u where data['password'] = '"hunter2"' and data['kind'] = '"ok"')~",
    R"~(select 1 from u where data->>'password' = 'hunter2' and data->>'kind' = 'ok')~",
    R"~(select 1 from u where data #>> '{auth,password}' = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where h->'token' = 'hunter2' and h->'kind' = 'ok')~",
    R"~(select 1 from u where h @> 'token=>hunter2'::hstore and b = 'ok')~",
    R"~(select 1 from u where h @> 'kind => x, token => "hunter2"' and b = 'ok')~",
    R"~(select 1 from u where h @> hstore('token', 'hunter2') and b = 'ok')~",
    R"~(select 1 from u where data @@ '$.password == "hunter2"' and b = 'ok')~",
    R"~(select 1 from u where data @? '$.password ? (@ == "hunter2")' and b = 'ok')~",
    R"~(select 1 from u where jsonb_path_exists(data, '$.users[*] ? (@.api_key starts with )~"
    R"~("hunter2")') and b = 'ok')~",
    R"~(select 1 from u where data @> '{"password": "hunter2", "a": 1}' and b = 'ok')~",
    R"~(select 1 from u where data @> '{"a": {"client_secret": ["hunter2"]}}' and b = 'ok')~",
    R"~(select 1 from u where data @> '{"otp_secret": 7773331}' and b = 'ok')~",
    R"~(select 1 from u where credential = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where bearer = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where otp = 'hunter2' and card_pin = 'hunter2' and opinion = 'ok' and pw_hash = )~"
    R"~('hunter2' and cvv = 'hunter2' and spin = 'ok')~",
    R"~(select 1 from u where headers->>'authorization' = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where passphrase = 'hunter2' and private_key = 'hunter2' and "apiKey" = )~"
    R"~('hunter2' and "API Key" = 'hunter2' and "x-api-key" = 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where password is distinct from 'hunter2' and b = 'ok')~",
    R"~(select 1 from u where 'hunter2' is not distinct from password or b is distinct from 'ok')~",
    R"~(select 1 from u where password between 'hunter2' and 'hunter2z' and b between 'ok' and 'ok')~",
    R"~(select 1 from u where password not between symmetric 'hunter2' and 'hunter2z' and b = 'ok')~",
    R"~(select 1 from u where password = ANY('{hunter2,y}') and b = any('{ok}'))~",
    R"~(select 1 from u where 'hunter2' = ANY(tokens) and b = 'ok')~",
    R"~(select 1 from u where api_tokens @> array['hunter2'] and b = 'ok')~",
    R"~(select 1 from u where password in ('hunter2', 'y') and b in ('ok'))~",
    R"~(select 1 from u where ROW(name, password) = ROW('a', 'hunter2') and b = 'ok')~",
    R"~(select 1 from u where (name, password) in (('a', 'hunter2'), ('b', 'hunter2')) and b = 'ok')~",
    R"~(select 1 from u where COALESCE(password, '') = 'hunter2' and coalesce(b, '') = 'ok')~",
    R"~(select 1 from u where crypt('hunter2', password) = password and b = 'ok')~",
    R"~(select pgp_sym_encrypt(data, 'hunter2'), 'ok')~",
    R"~(select digest('hunter2' || salt, 'sha256') = hash, 'ok')~",
    R"~(ALTER ROLE joe PASSWORD 'hunter2' VALID UNTIL 'ok')~",
    R"~(CREATE USER MAPPING FOR joe SERVER s OPTIONS (user 'ok', password 'hunter2'))~",
    R"~(CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'ok', api_key 'hunter2'))~",
    R"~(CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2' PUBLICATION ok)~",
    R"~(CREATE SUBSCRIPTION s CONNECTION 'host=h password = hunter2' PUBLICATION ok)~",
    R"~(CREATE SUBSCRIPTION s CONNECTION 'host=h password=''hun hunter2''' PUBLICATION ok)~",
    R"~(select dblink_connect('ok', 'dbname=x password=hunter2'))~",
    R"~(select dblink('dbname=x password = hunter2', 'select 1'), 'ok')~",
    R"~(COPY t FROM PROGRAM 'curl -H "X-Api-Key: hunter2" https://h')~",
    R"~(COPY t (ok) TO PROGRAM 'curl -u joe:hunter2 https://h')~",
    R"~(SET app.jwt = 'hunter2'; select 'ok')~",
    R"~(SET app.api_key TO hunter2; select 'ok')~",
    R"~(select 'ok', set_config('app.jwt', 'hunter2', true))~",
    R"~(select 'ok', set_config(setting_name => 'app.api_token', new_value => 'hunter2', is_local => false))~",
    R"~(select 'ok', "set_config"('app.api_token', 'hunter2', false))~",
    R"~(select set_config('request.headers', '{"authorization":"Bearer hunter2","a":"ok"}', true))~",
    R"~(insert into u (name, password) values ('ok', crypt('hunter2', gen_salt('bf'))))~",
    R"~(insert into u (name, password_digest) values ('ok', 'hunter2') on conflict (name) do update )~"
    R"~(set password_digest = 'hunter2', b = 'ok')~",
    R"~(with v(name, password) as (values ('ok', 'hunter2')) select 'ok' from v)~",
    R"~(with v(name, password) as materialized (select 'ok', 'hunter2') select * from v)~",
    R"~(create view v (name, password) as select 'ok', 'hunter2')~",
    R"~(merge into u using (values ('ok', 'hunter2')) v(name, password) on u.id = v.id when not )~"
    R"~(matched then insert (name, password) values ('ok', 'hunter2'))~",
    R"~(update u set (name, password) = ('a', 'hunter2'), b = 'ok' where c = 'ok')~",
    R"~(DO $$ begin execute 'alter role x password ''hunter2'''; perform 'ok'; end $$)~",
    R"~(DO $do$ begin update u set name = 'ok' where 'hunter2' = password; end $do$)~",
    R"~(EXECUTE 'select 1 where ''hunter2'' = password and b = ''ok''')~",
    R"~(select verify_password('joe', 'hunter2'), 'ok')~",
    R"~(select 1 where b = 'O\'K' and 'hunter2' = password)~",
    R"~(select 1 where a = 'C:\' and 'hunter2' = password and b = 'ok')~",
    R"~(/* a /* b */ ' */ select 1 where 'hunter2' = password and b = 'ok')~",
    R"~(select format('alter role x password %L', 'hunter2'), 'ok')~",
    R"~(select jsonb_build_object('password', 'hunter2'), 'ok')~",
    R"~(select jsonb_set(data, '{auth,password}', '"hunter2"'), 'ok')~",
    R"~(select json_extract_path_text(data, 'auth', 'password') = 'hunter2', 'ok')~",
    R"~(select 1 where '<a><password>hunter2</password></a>' = x and b = 'ok')~",
    R"~(select * from f('ok', password => 'hunter2'))~",
    R"~(select * from f('ok', token := 'hunter2'))~",
    R"~(create table t (token text default lower('hunter2'), kind text default 'ok'))~",
    R"~(create function f(token text default 'hunter2', kind text default 'ok') returns int)~",
    R"~(select 1 where password || 'hunter2' = x and b = 'ok')~",
    R"~(select 1 where nullif('hunter2', password) is null and b = 'ok')~",
    R"~(select 1 where exists (select 1 where password = 'hunter2') and b = 'ok')~",
    R"~(select 1 where not (password <> 'hunter2') and b = 'ok')~",
    R"~((((password)::text = 'hunter2'::text) AND ((kind)::text = 'ok'::text)))~",
    R"~((('hunter2'::text = (data ->> 'password'::text)) AND (id = 7)))~",
    R"~(select 1 where b = 'ok' and lower(u.password) like lower('HUNTER2hunter2%'))~",
    R"~(select u.* from u join v on v.kind = 'ok' and v.token = 'hunter2')~",
    R"~(select u.* from u join v on same('hunter2', v.token) where b = 'ok')~",
    R"~(select 'ok', (select 'hunter2') as password)~",
    R"~(select 'Bearer hunter2xyz', 'ok')~",
    R"~(select 'eyJhbGciOiJIUzI1NiJ9.hunter2.x', 'ok')~",
    R"~(update u set secrets = secrets || '{"stripe": "hunter2"}' where b = 'ok')~",
    R"~(select 1 where secrets->>'stripe' = 'hunter2' and b = 'ok')~",
    R"~(select substring(password from 'hunter2'), 'ok')~",
    R"~(select position('hunter2' in password), 'ok')~",
    R"~(select 1 where password similar to 'hunter2' and b = 'ok')~",
    R"~(select 1 where cast(password as varchar(20)) = 'hunter2' and b = 'ok')~",
    R"~(EXECUTE set_password('joe', 'hunter2'))~",
    R"~(ALTER SYSTEM SET primary_conninfo = 'host=x password=hunter2')~",
    R"~(ALTER USER MAPPING FOR x SERVER y OPTIONS (SET password 'hunter2', SET user 'ok'))~",
    R"~(CREATE FOREIGN TABLE t (a text DEFAULT 'ok') SERVER s OPTIONS (token 'hunter2'))~",
    R"~(ALTER ROLE joe PASSWORD hunter2)~",
    R"~(CREATE USER joe WITH LOGIN PASSWORD "hunter2")~"};

TEST(MaskForms, NoSecretStaysAndNoOrdinaryConstantGoes) {
  for (const std::string form : forms) {
    const std::string masked = mask_secrets(form);
    EXPECT_EQ(masked.find("hunter2"), std::string::npos) << masked;
    EXPECT_EQ(masked.find("HUNTER2"), std::string::npos) << masked;
    EXPECT_EQ(masked.find("ok") == std::string::npos, form.find("ok") == std::string::npos) << masked;
    EXPECT_EQ(mask_secrets(masked), masked) << "a second time";
  }
}

constexpr const char* ordinary[] = {
    R"~(select 1 where password_changed_at > '2024-01-01' and token_count > 5)~",
    R"~(select 1 where secretary = 'ok' and is_secret = 'ok' and token_type = 'ok' and )~"
    R"~(password_algorithm = 'ok' and credential_id = 5 and keyboard = 'ok')~",
    R"~(select 1 from passwords where id = 5 and kind = 'ok')~",
    R"~(select 1 from refresh_tokens, api_keys where id = 5)~",
    R"~(delete from sessions where token is null or id = 5)~",
    R"~(update u set secretary = 'ok', max_tokens = 500 where id = 5)~",
    R"~(insert into u (name, secretary, token_count) values ('ok', 'ok', 5))~",
    R"~(select case when password is null then 'ok' else 'ok2' end as state)~",
    R"~(select case when password = current_password then 'ok' else 'ok2' end as state)~",
    R"~(select count(*) filter (where token is not null) > 5)~",
    R"~(select row_number() over (partition by token order by id) = 1)~",
    R"~(select data->'kind', 'token' = kind from u where kind in ('password', 'oauth'))~",
    R"~(create index i on t (token, (coalesce(kind, 'ok'))) where kind = 'ok')~",
    R"~(create index i on t using btree (token, coalesce(kind, 'ok')))~",
    R"~(create table u (password text, name varchar(20) default 'ok', n numeric(10,2) check (n > 5)))~",
    R"~(select extract(epoch from password_changed_at) > 5)~",
    R"~(comment on column u.password is 'ok')~",
    R"~(set session authorization 'joe')~",
    R"~(create schema if not exists x authorization joe)~",
    R"~(select 1 where token->>'kind' = 'ok')~",
    R"~(grant select (password) on u to joe)~",
    R"~(select jsonb_build_object('kind', 'ok'))~",
    R"~(select * from u where id = 5 order by token limit 10 offset 20)~",
    R"~(select password, 'ok' from u limit 5)~",
    R"~(select 1 where (select count(*) from (select password from u) s) > 5)~",
    R"~(select * from json_to_record('{"a":"ok"}') as x(password text))~",
    R"~(insert into u (token, kind) values ($1, 'ok') returning token)~",
    R"~(select '{"tokens": 500, "max_tokens": 5}'::jsonb)~",
    R"~(select $1 = $2 and token = $3)~",
    R"~(select * from u where current_setting('app.tenant') = 'ok')~",
    R"~(Index Scan using users_token on users  (cost=0.29..8.30 rows=1 width=4)  Index Cond: (token )~"
    R"~(= $1)  Filter: (kind = 'ok'::text)  Settings: work_mem = '4MB')~",
    R"~(The column token is compared with the table's name in 'ok')~",
    R"~(users.password is text, and 5 of 10 rows = half of it are null)~",
    R"~("token" has 3 indexes: a (5 MB), b (7 MB))~",
    R"~(Seq Scan on secret  (cost=0.00..1.00 rows=1 width=1))~",
    R"~(select md5('cart-' || i), sha256('ok') from t)~"};

TEST(MaskForms, WhatOnlySoundsLikeASecretStays) {
  for (const char* text : ordinary) EXPECT_EQ(mask_secrets(text), text);
}

std::size_t lookups = 0;

// Each takes a few look-ups for each name; where a form would read on to the end of the text at each of its
// words, the test would run for hours.
TEST(MaskForms, TakeTimeThatGrowsWithTheText) {
  for (const std::string piece : {"token = ",
                                  "f(password, ",
                                  "case password when 1 then ",
                                  "insert into a (token) ",
                                  "alter set token = ",
                                  "a.x.x.x.x(1,1,1,1,1,1,1,1, token = ",
                                  "(",
                                  "''token",
                                  "\\'token = ",
                                  "$a$ $b$ token = ",
                                  "with v(token) as (",
                                  "token between ",
                                  "values (token,",
                                  "token: ",
                                  "\"token\":[",
                                  "{a,0,",
                                  " key",
                                  "token=>",
                                  "/* ",
                                  "any(tokens ",
                                  "password = 'x' and ",
                                  "authorization bearer "}) {
    const std::size_t size = piece.starts_with("password") ? 1'000'000 : 100'000;
    std::string text;
    while (text.size() < size) text += piece;
    lookups = 0;
    mask_constants(text, [](std::string_view name) {
      ++lookups;
      return name.substr(0, 8) == "password" || name.substr(0, 5) == "token";
    });
    EXPECT_LT(lookups, size * 2) << piece;
    EXPECT_FALSE(mask_secrets("select '" + text).empty());
  }
}

TEST(SecretParameters, OfManyAreFound) {
  constexpr std::size_t count = 60'000;
  std::string statement = "INSERT INTO u (name, password) VALUES ($1, $2)";
  for (std::size_t i = 3; i < count; i += 2)
    statement += ", ($" + std::to_string(i) + ", $" + std::to_string(i + 1) + ")";
  const auto secret = secret_parameters(statement, count);
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(secret[i], i % 2 == 1) << i;
}

}  // namespace
}  // namespace pgadvise
