#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unchecked_raw_sql {
namespace {

void check(const Context& context, Reporter& reporter) {
  CodeSubjects subjects;
  for (const auto& raw : code_facts(context)->raw_sql) {
    const bool request = raw.source == RawSql::Source::request;
    Finding& finding = reporter.add(subjects.make(raw.maker, raw.place.file, raw.function),
                                    located(context.project(), raw.place),
                                    raw.maker + " gets a text with " +
                                        (request ? "an unchecked value of the request (SQL injection): "
                                                   "whoever sends the request can run any SQL."
                                                 : "an unchecked parameter of the function: SQL injection if "
                                                   "a caller passes a value that a user chose."),
                                    request ? Severity::error : Severity::note);
    add_evidence(finding, context, "the text is " + raw.text, raw.place);
    if (raw.from)
      add_evidence(finding, context,
                   request ? "the value comes from the request" : "the value is this parameter", *raw.from);
    finding.fix = manual_fix(
        "Make the value a parameter: sql`… ${value}`; for a name, take the column from an object of allowed "
        "columns, or use sql.identifier()");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "unchecked-raw-sql",
    .severity = Severity::error,
    .harm = Harm::data,
    .needs = Input::code,
    .summary = "a value put into SQL text without a check or a parameter",
    .why =
        "`sql.raw()` and a string given to `execute()` go to the server as they are. A value of a request in "
        "them lets its sender read and change the database (SQL injection). In the sql tag, `${value}` is a "
        "parameter and safe.\n\n"
        "pgadvise reads Drizzle queries in TypeScript and JavaScript. The finding is an error where the text "
        "contains a request's value (`req.query`, `input`, search parameters, cookies and headers, "
        "parameters with NestJS decorators such as `@Query()`), also through variables, texts that are built "
        "in steps, and calls of the project's functions. It is a note where it is a text parameter of a "
        "function of which no call is in sight. Constants, members of literal objects, and numbers are not "
        "reported. Neither is a value that code compares with known values before (`===`, a list's "
        "`includes()`, `in`, `switch`, an anchored pattern), gives to a type guard or to a function that "
        "validates, parses or escapes it, or whose schema limits it: enums, numbers and UUIDs of "
        "`c.req.valid()` or of a procedure's input. `typeof` and comparisons with null or undefined say "
        "nothing about the text.",
    .fix =
        "Use the sql tag, whose `${value}` becomes a parameter. For names of columns or directions, choose "
        "from an object of allowed values, or use `sql.identifier()`.",
    .when_to_ignore = "All values that the function gets are constants of the program.",
    .check = check};

}  // namespace pgadvise::rules::unchecked_raw_sql
