#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/cli/ledger/source.h"

namespace idnode::cli {

struct HttpOptions {
  std::string url;      ///< "https://node.example:8080", with a path in front of /ledger if need be
  std::string token;    ///< presented as a bearer; empty: anonymous
  std::string ca_file;  ///< PEM; empty: the system's certificates
  bool plaintext = false;  ///< a token may go to another machine unencrypted
  unsigned connections = 4;
  std::chrono::milliseconds timeout{30'000};  ///< for each step: connect, request and answer
  unsigned attempts = 5;
  std::chrono::milliseconds backoff{250};  ///< before the second attempt; doubles
};

struct HttpRequest {
  std::string method = "GET";
  std::string path;  ///< below the URL, with its slash, percent-encoded
  std::string accept;
  std::string content_type;
  std::string body;
  std::size_t bytes_max = 1 << 20;  ///< of a 2xx answer's body; others may have 1 MiB
};

struct HttpReply {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// HTTP/1.1 to one server over a few kept-alive connections. Requests are repeated after a lost
/// connection, 429 and 503, so they must be safe to repeat. Redirects are not followed. TLS
/// certificates and names are always verified. One caller at a time.
class HttpClient {
 public:
  static constexpr unsigned kConnectionsMax = 64;
  /// Longest wait that a Retry-After may ask for.
  static constexpr std::chrono::seconds kRetryAfterMax{60};

  /// Errors: kInvalidRequest (URL, certificates, a token in plain text to another machine).
  static Result<std::unique_ptr<HttpClient>> Create(const HttpOptions& options);
  ~HttpClient();

  /// The answers, whatever their status, in the order of the requests. Errors, each for its own:
  /// kUnavailable (not reached, or lost again and again), kDeadlineExceeded, kPayloadTooLarge.
  std::vector<Result<HttpReply>> Exchange(std::span<const HttpRequest> requests);

 private:
  HttpClient();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The error that an answer's status stands for; kOk for 2xx. `what` names what was asked for.
Error ErrorOfStatus(const HttpReply& reply, std::string_view what);
/// `text` with all but letters, digits and "-._~:/" as %HH.
std::string PercentEncoded(std::string_view text);

/// A node as a source: paths under URL/ledger/.
class HttpSource : public Source {
 public:
  explicit HttpSource(std::unique_ptr<HttpClient> client) : client_(std::move(client)) {}
  std::vector<Result<std::string>> Fetch(std::span<const Wanted> wanted) override;
  std::vector<Result<std::string>> Resolve(std::span<const std::string> identifiers) override;
  bool is_live() const override { return true; }
  HttpClient& client() { return *client_; }

 private:
  std::unique_ptr<HttpClient> client_;
};

}  // namespace idnode::cli
