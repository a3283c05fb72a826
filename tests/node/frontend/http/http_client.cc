#include "tests/node/frontend/http/http_client.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace idnode::frontend::http::testing {

Client::Client(std::uint16_t port, const char* source) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*source != '\0') {
    sockaddr_in from{};
    from.sin_family = AF_INET;
    ::inet_pton(AF_INET, source, &from.sin_addr);
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof(from));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    ::close(fd_);
    fd_ = -1;
    return;
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const timeval wait{kReadWaitMs / 1000, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

Client::~Client() {
  ssl_.reset();
  if (fd_ >= 0) ::close(fd_);
}

namespace {

void UseCertificate(SSL_CTX* context, const std::string& certificate_pem,
                    const std::string& key_pem) {
  const auto bio_of = [](const std::string& text) {
    return std::unique_ptr<BIO, decltype(&BIO_free_all)>(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio_of(certificate_pem).get(), nullptr, nullptr, nullptr), X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio_of(key_pem).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  SSL_CTX_use_certificate(context, certificate.get());
  SSL_CTX_use_PrivateKey(context, key.get());
}

}  // namespace

bool Client::StartTls(int min, int max, SSL_SESSION* resume) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context_.get(), min);
  SSL_CTX_set_max_proto_version(context_.get(), max);
  // Old protocol versions need the old security level, or the client itself refuses them.
  SSL_CTX_set_security_level(context_.get(), 0);
  if (!certificate_.empty()) UseCertificate(context_.get(), certificate_, key_);
  ssl_.reset(SSL_new(context_.get()));
  constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
  SSL_set_alpn_protos(ssl_.get(), kProtocols, sizeof(kProtocols) - 1);
  if (resume != nullptr) SSL_set_session(ssl_.get(), resume);
  SSL_set_fd(ssl_.get(), fd_);
  return SSL_connect(ssl_.get()) == 1;
}

bool Client::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

long Client::Receive(char* into, std::size_t size) {
  return ssl_ ? SSL_read(ssl_.get(), into, static_cast<int>(size)) : ::recv(fd_, into, size, 0);
}

std::optional<Answer> Client::Read(bool head_only) {
  std::vector<char> chunk(64 * 1024);
  const auto more = [&] {
    const long got = Receive(chunk.data(), chunk.size());
    if (got <= 0) return false;
    buffered_.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  };
  std::size_t end = 0;
  while ((end = buffered_.find("\r\n\r\n")) == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  Answer answer;
  answer.head = buffered_.substr(0, end + 4);
  buffered_.erase(0, end + 4);
  answer.status = std::atoi(answer.head.substr(9, 3).c_str());
  std::size_t at = answer.head.find("\r\n") + 2;
  while (at < end) {
    const std::size_t eol = answer.head.find("\r\n", at);
    const std::string line = answer.head.substr(at, eol - at);
    const std::size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    answer.headers[name] = line.substr(colon + 2);
    at = eol + 2;
  }
  if (head_only || answer.status == 204 || answer.status == 304 || answer.status < 200)
    return answer;
  const auto length = static_cast<std::size_t>(std::atol(answer.Get("content-length").c_str()));
  while (buffered_.size() < length) {
    if (!more()) return std::nullopt;
  }
  answer.body = buffered_.substr(0, length);
  buffered_.erase(0, length);
  return answer;
}

std::string Client::ReadAll() {
  std::string all = std::move(buffered_);
  buffered_.clear();
  std::vector<char> chunk(64 * 1024);
  for (long got = 0; (got = Receive(chunk.data(), chunk.size())) > 0;) {
    all.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return all;
}

bool Client::Closed() {
  if (!buffered_.empty()) return false;
  char byte = 0;
  const long got = Receive(&byte, 1);
  // A time-out is not a close.
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

void Client::ShutdownSend() { ::shutdown(fd_, SHUT_WR); }

}  // namespace idnode::frontend::http::testing
