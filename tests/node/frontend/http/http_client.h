#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/ssl.h>

namespace idnode::frontend::http::testing {

/// One HTTP answer, read from a socket.
struct Answer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string head;                            ///< as received
  std::string body;

  std::string Get(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};

/// A blocking client that writes exactly the bytes it is told to: what real clients would not do
/// can be tried. Reads give up after kReadWaitMs, so that a silent server fails a test and does
/// not hang it.
class Client {
 public:
  static constexpr int kReadWaitMs = 20'000;

  /// Connects from `source`, an address of the loopback net; empty: the usual one.
  explicit Client(std::uint16_t port, const char* source = "");
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// TLS from here on; `min` and `max` are protocol versions, 0 for any. False if it is refused.
  bool StartTls(int min = 0, int max = 0, SSL_SESSION* resume = nullptr);
  SSL* ssl() { return ssl_.get(); }
  /// The certificate, PEM, that StartTls shows where it is asked for one.
  void ShowCertificate(std::string certificate, std::string key) {
    certificate_ = std::move(certificate);
    key_ = std::move(key);
  }

  /// False if the server closed.
  bool Send(std::string_view bytes);
  /// Reads one answer; nullopt where the connection ends before it is whole. `head_only` for the
  /// answer to HEAD.
  std::optional<Answer> Read(bool head_only = false);
  /// Reads until the peer closes; what came.
  std::string ReadAll();
  /// True if the peer closed without sending more.
  bool Closed();
  void ShutdownSend();

 private:
  long Receive(char* into, std::size_t size);

  int fd_ = -1;
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::string buffered_;
  std::string certificate_;
  std::string key_;
};

}  // namespace idnode::frontend::http::testing
