#include "net/http_client.h"

#include <utility>

#ifdef PGADVISE_CURL
#include <curl/curl.h>
#include <fmt/format.h>

#include "base/text/text.h"
#endif

namespace pgadvise::net {

#ifdef PGADVISE_CURL

namespace {

constexpr long connect_seconds = 10;

struct Body {
  std::string text;
  std::size_t longest;
};

// libcurl's callback: a return value other than the number of bytes ends the request.
std::size_t append(const char* bytes, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<Body*>(to);
  const std::size_t length = size * count;
  if (length > body.longest - body.text.size()) return 0;
  body.text.append(bytes, length);
  return length;
}

// libcurl's callback, at least once a second: a return value other than 0 ends the request.
int stopped(void* token, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
}

std::string shown_size(std::size_t bytes) {
  const std::size_t kib = bytes >> 10, mib = bytes >> 20;
  return mib > 0 ? fmt::format("{} MiB", mib) : fmt::format("{} KiB", kib);
}

std::string hint_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "check the host of the URL";
    case CURLE_COULDNT_CONNECT: return "check host and port of the URL, and whether the server runs";
    case CURLE_OPERATION_TIMEDOUT: return "check host and port of the URL, and the load of the server";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "check the certificate of the server; sslrootcert=FILE in the URL names the authority that "
             "signed it";
    case CURLE_SSL_CACERT_BADFILE: return "check the file of sslrootcert: certificates in the format PEM";
    default: return "check host and port of the URL, and whether the server expects TLS";
  }
}

}  // namespace

struct HttpClient::Handle {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(), &curl_easy_cleanup};
};

Result<HttpClient> HttpClient::create(const std::string& option) {
  auto handle = std::make_unique<Handle>();
  if (!handle->curl) return fail(Error::Kind::usage, option, "libcurl cannot be used");
  return HttpClient(std::move(handle));
}

Result<HttpAnswer> HttpClient::post(const HttpRequest& request, const std::string& where) {
  CURL* curl = handle_->curl.get();
  curl_easy_reset(curl);  // keeps the connection
  Body body{.text = {}, .longest = request.longest_answer};
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(nullptr, &curl_slist_free_all);
  for (const auto& header : request.headers) {
    curl_slist* longer = curl_slist_append(headers.get(), header.c_str());
    if (!longer) return fail(Error::Kind::usage, where, "out of memory");
    (void)headers.release();
    headers.reset(longer);
  }
  char message[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POST, 1L);
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  if (!request.root_certificates.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, request.root_certificates.c_str());
    curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);  // of the system
  }
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "pgadvise");
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  std::stop_token stop = request.stop;
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stopped);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &stop);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (code == CURLE_WRITE_ERROR)
    return fail(Error::Kind::usage, where, "the answer is longer than " + shown_size(request.longest_answer),
                request.hint_if_longer);
  if (code != CURLE_OK)
    return fail(Error::Kind::usage, where, ellipsis(*message ? message : curl_easy_strerror(code), 200),
                hint_of(code));
  HttpAnswer answer;
  answer.body = std::move(body.text);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_off_t seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
  answer.retry_after = std::chrono::seconds(seconds);
  return answer;
}

#else

struct HttpClient::Handle {};

Result<HttpClient> HttpClient::create(const std::string& option) {
  return fail(Error::Kind::usage, option,
              "this pgadvise was built without libcurl, which sends HTTP requests",
              "install libcurl4-openssl-dev and build pgadvise again");
}

Result<HttpAnswer> HttpClient::post(const HttpRequest&, const std::string& where) {
  return fail(Error::Kind::usage, where, "pgadvise was built without libcurl");
}

#endif

HttpClient::HttpClient(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

}  // namespace pgadvise::net
