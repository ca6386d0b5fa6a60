// HTTP requests, for stores on servers that answer over HTTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pgadvise::store {

struct HttpRequest {
  std::string url;                   // http:// or https://, without credentials
  std::vector<std::string> headers;  // "Name: value"; may contain credentials
  std::string_view body;             // must outlive the call
  std::chrono::seconds timeout{60};  // of the whole request
  std::string root_certificates;     // of https: a PEM file of the authorities to trust; "": the system's
};

struct HttpAnswer {
  long status = 0;  // 200
  std::string body;
};

// Keeps the connection between requests. Follows no redirect and uses no proxy, so that no other host gets
// the headers. Verifies the certificates of https. For one thread.
class HttpClient {
 public:
  // Errors (usage): pgadvise was built without libcurl.
  static Result<HttpClient> create();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  static constexpr std::size_t longest_answer = std::size_t{256} << 20;  // bytes

  // Any status is an answer. `where` names the server in errors. Errors (usage): not connected within 10
  // seconds, no answer within the timeout, an answer longer than longest_answer, an invalid certificate,
  // root_certificates that cannot be read.
  Result<HttpAnswer> post(const HttpRequest& request, const std::string& where);

 private:
  struct Handle;
  explicit HttpClient(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace pgadvise::store
