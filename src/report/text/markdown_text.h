// Text of inputs in Markdown, HTML and XML: what it must not become.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::report {

// The text in an element of HTML or XML, or in an attribute in double quotes.
std::string markup_text(std::string_view text);

// Text in a line of a paragraph: no markup, no HTML, no link, no mention of a person, issue, commit or label.
// Services look for mentions and links in the rendered text, where an entity or a backslash is gone. So a
// zero-width space (U+200B) breaks what GitHub, GitLab and Gitea would see: behind @ # ! $ & ~ % ^ [ * where
// a name follows, in GH-1 and JIRA-1, every five digits of what may be a commit, in www. and in front of
// :// (behind it, GitLab makes a link of it). Code spans need none: services leave them alone.
std::string markdown_text(std::string_view text);

// Text that a service may take for Markdown, and that may have SQL to copy: breaks only @name, #1 and links.
std::string without_mentions(std::string_view text);

}  // namespace pgadvise::report
