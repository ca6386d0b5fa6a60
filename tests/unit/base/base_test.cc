#include <gtest/gtest.h>

#include "base/result.h"
#include "base/text/json_parse.h"
#include "base/text/json_text.h"
#include "base/text/mask.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "base/text/utf8.h"
#include "model/results/finding.h"

namespace pgadvise {
namespace {

TEST(Printable, EscapesTerminalSequencesAndInvalidUtf8) {
  EXPECT_EQ(printable("a\x1b[31mb\nc"), "a\\x1b[31mb c");
  EXPECT_EQ(printable("\xff ok é"), "\\xff ok é");
  EXPECT_EQ(printable("x\xe2\x80\xaey"), "x\\u{202e}y");
  EXPECT_EQ(printable_block("a\nb\x07"), "a\nb\\x07");
}

TEST(Printable, EscapesWhatIsInvisible) {
  EXPECT_EQ(printable("a\u061c\u00ad\u2060\U000e0041b"), "a\\u{61c}\\xad\\u{2060}\\u{e0041}b");
}

TEST(NumberFormat, OneIsSingular) {
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(counted(0, "file"), "0 files");
  EXPECT_EQ(counted(2, "index", "indexes"), "2 indexes");
  EXPECT_EQ(counted(1, "index", "indexes"), "1 index");
}

TEST(Diagnostics, OfOneLineTheErrorIsLeft) {
  const auto of = [](Error::Kind kind, const char* what) { return Error{kind, "db", what, {}}; };
  using Kind = Error::Kind;
  Diagnostics lines{of(Kind::nonfatal, "a"), of(Kind::input, "b"), of(Kind::input, "b"),
                    of(Kind::nonfatal, "b"), of(Kind::input, "a"), of(Kind::nonfatal, "c"),
                    of(Kind::nonfatal, "c")};
  remove_repeated(lines);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].what, "b");
  EXPECT_EQ(lines[1].what, "a");
  EXPECT_EQ(lines[1].kind, Kind::input);
  EXPECT_EQ(lines[2].what, "c");
}

TEST(JsonText, ControlsThatALibraryLeavesAreEscaped) {
  EXPECT_EQ(escape_controls("[\"a\u009b31m \u202eb\x7f\u00e9\"]"), "[\"a\\u009b31m \\u202eb\\u007f\u00e9\"]");
}

TEST(JsonText, DepthIsBoundedBeforeAValueIsMade) {
  EXPECT_FALSE(nested_deeper("[[[]]]", 3));
  EXPECT_TRUE(nested_deeper("[[[]]]", 2));
  EXPECT_FALSE(nested_deeper(R"({"a": "[[[\"[[[", "b": [[]]})", 3)) << "brackets of strings";
  EXPECT_TRUE(parsed_json(R"({"a": [1]})").is_object());
  const std::string deep = std::string(1'500'000, '[') + std::string(1'500'000, ']');
  EXPECT_TRUE(parsed_json(deep).is_discarded());
  EXPECT_TRUE(parsed_json<nlohmann::ordered_json>(deep).is_discarded());
  EXPECT_EQ(why_no_json(deep, "is not JSON"), "is nested more than 200 levels deep: not read");
  EXPECT_EQ(why_no_json("[", "is not JSON"), "is not JSON");
}

TEST(Mask, TakesLinearTime) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "://";
  EXPECT_TRUE(mask_credentials(text) == text);
  EXPECT_TRUE(mask_credentials(text + " ://a:secret@b ://c:secret@d") == text + " ://a:***@b ://c:***@d");
}

TEST(Mask, KeyValueStringsAsLibpqReadsThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"host=h password=hidden dbname=x", "host=h password=*** dbname=x"},
      {"password = 'hidden hidden' host=h", "password = *** host=h"},
      {"password\t=\nhidden", "password\t=\n***"},
      {"host=h password='hid\\'den' user=joe", "host=h password=*** user=joe"},
      {"host=h password=hid\\ den user=joe", "host=h password=*** user=joe"},
      {"host=h password='hidden user=joe", "host=h password=***"},
      {"host=h password=hidden hidden user=joe", "host=h password=*** *** user=joe"},
      {"host=h password=\"hidden hidden\"", "host=h password=*** ***"},
      {"host=h password=hid=den", "host=h password=***"},
      {"PASSWORD=hidden", "PASSWORD=***"},
      {"sslpassword=hidden sslkey=k", "sslpassword=*** sslkey=k"},
      {"host=h sslpassword = 'hidden'", "host=h sslpassword = ***"},
      {"user=joe passfile=/home/joe/.pgpass", "user=joe passfile=/home/joe/.pgpass"},
      {"host=h password=$PGPASSWORD", "host=h password=$PGPASSWORD"},
      {"host=h password=", "host=h password="},
      {"host=h password='", "host=h password=***"},
      {"host=h password=hidden\\", "host=h password=***"},
      {"dbname=postgresql://joe:hidden@h/x", "dbname=postgresql://joe:***@h/x"},
  };
  for (const auto& [text, masked] : cases) EXPECT_EQ(mask_credentials(text), masked);
}

TEST(Mask, Uris) {
  const std::pair<const char*, const char*> cases[] = {
      {"postgres://joe:hid@den@h/x", "postgres://joe:***@h/x"},
      {"postgresql://joe:hid/d?e#n@h:5432/x?sslmode=require",
       "postgresql://joe:***@h:5432/x?sslmode=require"},
      {"postgresql://joe:%68idden%40@h/x", "postgresql://joe:***@h/x"},
      {"postgres://joe:hid den@h/x", "postgres://joe:***@h/x"},
      {"postgres://joe:hid'den@h/x", "postgres://joe:***@h/x"},
      {"POSTGRES://joe:hidden@h/x", "POSTGRES://joe:***@h/x"},
      {" postgres://joe:hid den@h/x", " postgres://joe:***@h/x"},
      {"postgres://h/x?user=joe&password=hid%26den&sslmode=require",
       "postgres://h/x?user=joe&password=***&sslmode=require"},
      {"postgres://h/x?password=hid den", "postgres://h/x?password=***"},
      {"postgres://h/x?pass%77ord=hidden", "postgres://h/x?pass%77ord=***"},
      {"postgres://h/x?sslpassword=hidden", "postgres://h/x?sslpassword=***"},
      {"postgres://joe@h/x?password=hid@den", "postgres://***@den"},
      {"postgres://$USER:$PASS@h/x", "postgres://$USER:$PASS@h/x"},
      {"psql postgres://joe:hidden@h/x -c 'select 1'", "psql postgres://joe:***@h/x -c 'select 1'"},
      {"postgres://h/x", "postgres://h/x"},
  };
  for (const auto& [text, masked] : cases) EXPECT_EQ(mask_credentials(text), masked);
}

TEST(Mask, SecretsInSql) {
  const std::pair<const char*, const char*> cases[] = {
      {"ALTER ROLE app PASSWORD 'hid''den'", "ALTER ROLE app PASSWORD '***'"},
      {"alter role app with encrypted password E'hid\\'den' login",
       "alter role app with encrypted password E'***' login"},
      {"OPTIONS (user 'u', password 'hidden')", "OPTIONS (user 'u', password '***')"},
      {R"(cfg json DEFAULT '{"a": 1, "password": "hid\"den"}'::json)",
       R"(cfg json DEFAULT '{"a": 1, "password": "***"}'::json)"},
      {R"(DEFAULT '"{\"clientSecret\":\"hidden\",\"b\":1}"')",
       R"(DEFAULT '"{\"clientSecret\":\"***\",\"b\":1}"')"},
      {"\"api_token\" text NOT NULL DEFAULT 'hidden', b text DEFAULT 'x'",
       "\"api_token\" text NOT NULL DEFAULT '***', b text DEFAULT 'x'"},
      {"ALTER COLUMN password SET DEFAULT ('hidden')", "ALTER COLUMN password SET DEFAULT ('***')"},
      {"CHECK ((cfg ->> 'password'::text) <> 'hidden')", "CHECK ((cfg ->> 'password'::text) <> '***')"},
      {"WHERE \"reset_token\" = 'hidden' AND kind = 'x'", "WHERE \"reset_token\" = '***' AND kind = 'x'"},
      {"DO 'ALTER ROLE a PASSWORD ''hidden'''", "DO 'ALTER ROLE a PASSWORD ''***'''"},
      {"DEFAULT 'postgres://joe:hidden@h/x'", "DEFAULT 'postgres://joe:***@h/x'"},
      {"text('token').default('hidden')", "text('token').default('***')"},
      {"PASSWORD 'hidden", "PASSWORD '***"},
      {"WHERE secret IN ('hidden', 'hidden too') AND kind = 'x'",
       "WHERE secret IN ('***', '***') AND kind = 'x'"},
      {"WHERE (secret = ANY (ARRAY['hidden'::text, 'hidden'::text]))",
       "WHERE (secret = ANY (ARRAY['***'::text, '***'::text]))"},
      {"token LIKE 'hidden%'", "token LIKE '***'"},
      {"token IS DISTINCT FROM 'hidden'", "token IS DISTINCT FROM '***'"},
      {"secret COLLATE \"C\" = 'hidden'", "secret COLLATE \"C\" = '***'"},
      {"(secret)::character varying(20) = 'hidden'", "(secret)::character varying(20) = '***'"},
      {"secret = '$hidden'", "secret = '***'"},
      {"SET app.jwt_secret TO 'hidden'", "SET app.jwt_secret TO '***'"},
  };
  for (const auto& [text, masked] : cases) {
    EXPECT_EQ(mask_secrets(text), masked);
    EXPECT_EQ(mask_secrets(masked), masked);
  }
}

TEST(Mask, WhatOnlySoundsLikeASecretInSqlStays) {
  for (const char* text : {"kind IN ('password', 'oauth')",
                           "kind = 'token' AND state = 'x'",
                           "token_type text DEFAULT 'bearer'",
                           "\"token\" \"public\".\"token_kind\" NOT NULL",
                           "CREATE INDEX ON users (token, kind) WHERE kind = 'x'",
                           "token->>'kind' = 'x'",
                           "users_email_key: 'x'",
                           "\"password\" = \"users\".\"pw\"",
                           "token text, kind text DEFAULT 'x'",
                           "PASSWORD NULL",
                           "PASSWORD ''",
                           "the password: kept",
                           "on f.date_key=d.date_key",
                           "(f.token_count=d.token_id)",
                           "set date_key=date_key+1",
                           "set token=excluded.token",
                           "u.password=p.hash",
                           "first_pass = 'done'",
                           "is_secret = 'no'",
                           "secret IS NOT NULL AND kind = 'x'"})
    EXPECT_EQ(mask_secrets(text), text);
}

TEST(Mask, TakesTimeThatGrowsWithTheText) {
  std::string text = "WHERE t = '";
  for (int i = 0; i < 200'000; ++i) text += "token::";
  EXPECT_EQ(mask_secrets(text + "'").size(),
            text.size() + 1);  // minutes, were each name to look at all that follows
}

TEST(Mask, ACommandThatBeginsWithAVariableIsNoConnectionString) {
  EXPECT_EQ(mask_secrets("x?password=hidden-password&y=1"), "x?password=***&y=1");
  EXPECT_EQ(mask_secrets("password=hidden-password2"), "password=***");
  EXPECT_EQ(mask_secrets("PASSWORD=hidden npx drizzle-kit push --force"),
            "PASSWORD=*** npx drizzle-kit push --force");
}

TEST(Mask, NoPartOfAnErrorShowsASecret) {
  const Error error{Error::Kind::input, "postgres://joe:hidden@h/x", "password = 'hidden'",
                    "pgadvise check --db postgres://joe:hidden@h/x"};
  EXPECT_EQ(error.line().find("hidden"), std::string::npos) << error.line();
}

TEST(Mask, TextThatEndsWithTheNameOfASecret) {
  for (const char* text : {"ALTER ROLE joe PASSWORD ", "SET app.token = ", "set app.token to ",
                           "OPTIONS (password ", "{\"password\": \"", "api_key\n:="})
    EXPECT_TRUE(ends_with_secret_name(text)) << text;
  for (const char* text : {"", "to ", " = ", "select token from ", "token_count = ", "password, "})
    EXPECT_FALSE(ends_with_secret_name(text)) << text;
}

TEST(Mask, LeavesFilesAlone) {
  for (const char* text : {"drizzle/0001_a=b.sql", "a password = b.sql", "src/host.ts", "x=y"}) {
    EXPECT_FALSE(looks_like_conninfo(text)) << text;
    EXPECT_EQ(mask_credentials(text), text);
  }
}

TEST(Printable, EllipsisCountsCodePoints) {
  EXPECT_EQ(ellipsis("äöü", 3), "äöü");
  EXPECT_EQ(ellipsis("äöüx", 3), "äö…");
  EXPECT_EQ(ellipsis_in_middle("src/äöü.ts:12:3", 15, 5), "src/äöü.ts:12:3");
  EXPECT_EQ(ellipsis_in_middle("src/äöü.ts:12:3", 14, 5), "src/…ü.ts:12:3");
  EXPECT_EQ(ellipsis_in_middle("src/äöü.ts:12:3", 4, 5), "…:12:3") << "the end stays";
  EXPECT_EQ(ellipsis_in_middle("abc", 1, 0), "…");
  EXPECT_EQ(ellipsis_in_middle("", 0, 0), "");
}

TEST(LineIndex, FindsLinesAndColumns) {
  const LineIndex index("ab\ncd\n");
  EXPECT_EQ(index.at(0).line, 1);
  EXPECT_EQ(index.at(4).line, 2);
  EXPECT_EQ(index.at(4).column, 2);
}

TEST(FindingId, DependsOnRuleAndSubjectOnly) {
  Subject subject{.kind = "foreign-key", .schema = "public", .table = "orders", .columns = {"customer_id"}};
  const auto id = finding_id("unindexed-foreign-key", subject);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id, finding_id("unindexed-foreign-key", subject));
  subject.columns = {"customer_", "id"};
  EXPECT_NE(id, finding_id("unindexed-foreign-key", subject));
}

TEST(ErrorLine, SaysWhereWhatAndWhatToDo) {
  EXPECT_EQ((Error{Error::Kind::input, "a.sql", "can't be read", "check the name"}.line()),
            "a.sql: can't be read (check the name)");
}

TEST(ContainsAny, OfListsAndArrays) {
  static constexpr std::string_view words[] = {"cron", "queue"};
  EXPECT_TRUE(contains_any("src/queue.ts", words));
  EXPECT_FALSE(contains_any("src/page.ts", words));
  EXPECT_TRUE(contains_any("src/page.ts", {"cron", "page"}));
  EXPECT_FALSE(contains_any("", {"cron"}));
  EXPECT_TRUE(ends_with_any("src/page.ts", {".js", ".ts"}));
  EXPECT_FALSE(ends_with_any("src/page.tsx", {".js", ".ts"}));
}

TEST(IsOneOf, FindsWordsInListsArraysAndVectors) {
  static constexpr auto words = word_list("cron", "queue");
  EXPECT_TRUE(is_one_of("queue", words));
  EXPECT_FALSE(is_one_of("queues", words));
  EXPECT_TRUE(is_one_of(std::string("cron"), {"cron", "page"}));
  EXPECT_FALSE(is_one_of("", std::vector<std::string>{"cron"}));
}

TEST(JsonContainer, IsOneObjectOrArray) {
  for (const char* text : {"{}", " [1, -0.5e3, \"a\\n\", null]\n", "{\"a\": {\"b\": [true]}}"})
    EXPECT_TRUE(is_json_container(text)) << text;
  for (const char* text :
       {"", "1", "true", "\"a\"", "{", "[1,]", "[01]", "{a: 1}", "[] []", "\xef\xbb\xbf{}"})
    EXPECT_FALSE(is_json_container(text)) << text;
  EXPECT_TRUE(is_json_container(std::string(64, '[') + "1" + std::string(64, ']')));
  EXPECT_FALSE(is_json_container(std::string(65, '[') + "1" + std::string(65, ']')));
}

TEST(AppendUtf8, WritesCodePointsAndNothingElse) {
  std::string out;
  for (const char32_t code : {U'a', U'\u00e4', U'\u20ac', U'\U0001f600'}) append_utf8(out, code);
  EXPECT_EQ(out, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  for (const char32_t code : {char32_t{0xd83d}, char32_t{0xdfff}, char32_t{0x110000}}) append_utf8(out, code);
  EXPECT_EQ(out.size(), 10u);
}

}  // namespace
}  // namespace pgadvise
