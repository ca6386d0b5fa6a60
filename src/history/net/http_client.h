// HTTP requests to the servers that the user names.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pgadvise::net {

struct HttpRequest {
  std::string url;                   // http:// or https://, without credentials
  std::vector<std::string> headers;  // "Name: value"; may contain credentials
  std::string_view body;             // must outlive the call
  std::chrono::seconds timeout{60};  // of the whole request
  std::string root_certificates;     // of https: a PEM file of the authorities to trust; "": the system's
  std::size_t longest_answer = std::size_t{64} << 10;  // bytes
  std::string hint_if_longer;                          // of the error about a longer answer; may be empty
  std::stop_token stop;                                // ends the request within about a second
};

struct HttpAnswer {
  long status = 0;  // 200
  std::string body;
  std::chrono::seconds retry_after{0};  // of the header Retry-After; 0: not sent
};

// Keeps the connection between requests. Follows no redirect and uses no proxy, so that no other host gets
// the headers. Verifies the certificates of https. For one thread.
class HttpClient {
 public:
  // `option`: what needs the client, for the error. Errors (usage): pgadvise was built without libcurl.
  static Result<HttpClient> create(const std::string& option);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Any status is an answer. `where` names the server in errors. Errors (usage): not connected within 10
  // seconds, no answer within the timeout, an answer that is longer than request.longest_answer, an invalid
  // certificate, root_certificates that cannot be read, a stop.
  Result<HttpAnswer> post(const HttpRequest& request, const std::string& where);

 private:
  struct Handle;
  explicit HttpClient(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace pgadvise::net
