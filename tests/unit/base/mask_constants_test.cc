// Constants of SQL that belong to a column, setting or argument named like a secret.
#include <utility>

#include <gtest/gtest.h>

#include "base/text/mask.h"

namespace pgadvise {
namespace {

TEST(MaskConstants, OfSecretsGoAndOthersStay) {
  const std::pair<const char*, const char*> cases[] = {
      {"select * from u where 'hunter2' = password", "select * from u where '***' = password"},
      {"select * from u where 'hunter2'::text = u.\"Password\" and a = 'ok'",
       "select * from u where '***'::text = u.\"Password\" and a = 'ok'"},
      {"select set_config('app.secret', 'hunter2', false)", "select set_config('app.secret', '***', false)"},
      {"select 1 where 'hunter2' = current_setting('app.secret', true)",
       "select 1 where '***' = current_setting('app.secret', true)"},
      {"SET LOCAL app.secret TO hunter2", "SET LOCAL app.secret TO '***'"},
      {"ALTER ROLE joe SET app.token = 'hunter2'", "ALTER ROLE joe SET app.token = '***'"},
      {"ALTER ROLE joe PASSWORD'hunter2' VALID UNTIL 'infinity'",
       "ALTER ROLE joe PASSWORD'***' VALID UNTIL 'infinity'"},
      {"select 1 where password IN ('hunter2', 'hunter3') and b in ('ok')",
       "select 1 where password IN ('***', '***') and b in ('ok')"},
      {"select 1 where 'hunter2' IN (name, password)", "select 1 where '***' IN (name, password)"},
      {"select 1 where password BETWEEN 'hunter2' AND 'hunter3' and name = 'ok'",
       "select 1 where password BETWEEN '***' AND '***' and name = 'ok'"},
      {"select 1 where password = crypt('hunter2', salt) and name = 'ok'",
       "select 1 where password = crypt('***', salt) and name = 'ok'"},
      {"select 1 where password is not distinct from 'hunter2'",
       "select 1 where password is not distinct from '***'"},
      {"select 1 where (name, password) = ('a', 'hunter2')",
       "select 1 where (name, password) = ('***', '***')"},
      {"insert into u (name, password) values ('ok', 'hunter2'), ('ok', E'hun\\'ter2')",
       "insert into u (name, password) values ('ok', '***'), ('ok', E'***')"},
      {"insert into u (name, password) select 'ok', 'hunter2' from y where a = 'ok'",
       "insert into u (name, password) select 'ok', '***' from y where a = 'ok'"},
      {"update u set password = $$hunter2$$, name = 'ok'", "update u set password = '***', name = 'ok'"},
      {"select 'hunter2' as password, 'ok' as name", "select '***' as password, 'ok' as name"},
      {"select 1 where 'hunter2' = data->>'password' and data->>'kind' = 'ok'",
       "select 1 where '***' = data->>'password' and data->>'kind' = 'ok'"},
      {"select pgp_sym_decrypt(secret, 'hunter2'), 'ok'", "select pgp_sym_decrypt(secret, '***'), 'ok'"},
      {"select * from (values ('ok', 'hunter2')) v(name, password)",
       "select * from (values ('ok', '***')) v(name, password)"},
      {"(('hunter2'::text = (password)::text) AND (name = 'ok'::text))",
       "(('***'::text = (password)::text) AND (name = 'ok'::text))"},
      {"select 1 where 'hunter2", "select 1 where 'hunter2"},
      {"select 1 where password = 'hunter2", "select 1 where password = '***"},
      {"SELECT dblink_connect('host=x password=hunter2')", "SELECT dblink_connect('host=x password=***')"},
      {"select 1 where token->>'kind' = 'ok' and token_type = 'ok'",
       "select 1 where token->>'kind' = 'ok' and token_type = 'ok'"},
      {"create table u (password text, name text default 'ok')",
       "create table u (password text, name text default 'ok')"},
      {"select 1 where password in (select x from y where z = 'ok')",
       "select 1 where password in (select x from y where z = 'ok')"},
      {"The column token is compared with the table's name in 'ok'",
       "The column token is compared with the table's name in 'ok'"}};
  for (const auto& [text, masked] : cases) {
    EXPECT_EQ(mask_secrets(text), masked);
    EXPECT_EQ(mask_secrets(masked), masked) << "a second time";
  }
}

// Nested or repeated without end, in a time that grows with the text.
TEST(MaskConstants, OfHostileTextTakeNoTime) {
  std::string nested, chain = "select 1 where password";
  for (int i = 0; i < 20'000; ++i) nested += "f(password, ", chain += " = 'x' and password";
  EXPECT_EQ(mask_secrets(nested + "'hunter2'").find("hunter2"), std::string::npos);
  EXPECT_EQ(mask_secrets(chain).find("'x'"), std::string::npos);
}

TEST(SecretParameters, AreFoundByTheirColumn) {
  const std::vector<bool> expected{false, true, false};
  EXPECT_EQ(secret_parameters("UPDATE users SET name = $1 WHERE password = $2 AND id = $3", 3), expected);
  EXPECT_EQ(secret_parameters("INSERT INTO users (name, api_token, id) VALUES ($1, $2, $3)", 3), expected);
  EXPECT_EQ(secret_parameters("SELECT $1", 2), (std::vector<bool>{false, false}));
}

TEST(MaskJson, ReachesConditionsOfPlans) {
  EXPECT_EQ(mask_secrets_in_json("{\"Filter\": \"((password)::text = 'hidden'::text)\", \"Rows\": 1}"),
            "{\"Filter\": \"((password)::text = '***'::text)\", \"Rows\": 1}");
  const std::string plain = "{\"Filter\": \"(kind = 'x')\", \"Cut\": \"a";
  EXPECT_EQ(mask_secrets_in_json(plain), plain);
}

}  // namespace
}  // namespace pgadvise
