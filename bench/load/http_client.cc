#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/child.h"
#include "bench/load/resolve_client.h"

namespace idnode::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kAnswerBytesMax = 64 * 1024;
constexpr std::chrono::seconds kSilenceMax{10};

Error Unavailable(std::string what) {
  return {Errc::kUnavailable, std::move(what) + ": " + std::strerror(errno)};
}

/// One keep-alive connection with `depth` requests under way.
class HttpConnection {
 public:
  struct Asked {
    std::array<char, kSuffixBytes> suffix;
    Clock::time_point at;
  };

  explicit HttpConnection(const std::string& token)
      : fields_(" HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n" +
                (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n") {}
  ~HttpConnection() {
    if (fd_ >= 0) close(fd_);
  }

  Result<void> Open(std::uint16_t port) {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return Unavailable("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return Unavailable("connecting to port " + std::to_string(port));
    }
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
    return {};
  }

  int fd() const { return fd_; }
  std::size_t under_way() const { return asked_.size(); }
  bool wants_to_write() const { return sent_ < out_.size(); }

  void Ask(std::string_view identifier, Clock::time_point now) {
    out_ += "GET /";
    out_ += identifier;
    out_ += fields_;
    Asked asked{{}, now};
    std::memcpy(asked.suffix.data(), identifier.data() + identifier.size() - kSuffixBytes,
                kSuffixBytes);
    asked_.push_back(asked);
  }

  Result<void> Flush() {
    while (sent_ < out_.size()) {
      const ssize_t size = send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
      if (size < 0) {
        if (errno == EAGAIN) return {};
        if (errno == EINTR) continue;
        return Unavailable("sending");
      }
      sent_ += static_cast<std::size_t>(size);
    }
    out_.clear();
    sent_ = 0;
    return {};
  }

  /// Reads what is there and calls `answered(asked, answer, found)` for every whole answer.
  template <typename Fn>
  Result<void> Receive(const Fn& answered) {
    if (in_.size() - in_bytes_ < kReadBytes) in_.resize(in_bytes_ + kReadBytes);
    const ssize_t size = recv(fd_, in_.data() + in_bytes_, in_.size() - in_bytes_, 0);
    if (size == 0) return Error(Errc::kUnavailable, "the server closed a connection");
    if (size < 0 && errno != EAGAIN && errno != EINTR) return Unavailable("receiving");
    in_bytes_ += static_cast<std::size_t>(size > 0 ? size : 0);
    std::size_t used = 0;
    while (true) {
      auto length = AnswerBytes({in_.data() + used, in_bytes_ - used});
      if (!length.ok()) return length.error();
      if (*length == 0) break;
      if (asked_.empty()) return Error(Errc::kInternal, "an answer that nobody asked for");
      const Asked& asked = asked_.front();
      const std::string_view answer(in_.data() + used, *length);
      answered(asked, answer,
               answer.find({asked.suffix.data(), kSuffixBytes}) != std::string_view::npos);
      asked_.pop_front();
      used += *length;
    }
    in_bytes_ -= used;
    if (in_bytes_ > 0) std::memmove(in_.data(), in_.data() + used, in_bytes_);
    return {};
  }

 private:
  static constexpr std::size_t kReadBytes = 16 * 1024;

  /// Bytes of the answer at the front; 0 if it is not whole yet. Errors: kInternal.
  static Result<std::size_t> AnswerBytes(std::string_view bytes) {
    constexpr std::string_view kOk = "HTTP/1.1 200";
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) {
      if (bytes.size() > kAnswerBytesMax) return Error(Errc::kInternal, "an endless HTTP header");
      return std::size_t{0};
    }
    const std::string_view head = bytes.substr(0, head_end + 2);
    if (!head.starts_with(kOk)) {
      return Error(Errc::kInternal, "not 200 but: " + std::string(bytes.substr(0, 400)));
    }
    std::size_t body_bytes = 0;
    if (!ContentLength(head, body_bytes) || body_bytes > kAnswerBytesMax) {
      return Error(Errc::kInternal, "no Content-Length in: " + std::string(head));
    }
    const std::size_t whole = head_end + 4 + body_bytes;
    return bytes.size() < whole ? 0 : whole;
  }

  static bool ContentLength(std::string_view head, std::size_t& value) {
    constexpr std::string_view kName = "content-length:";
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at + 2)) {
      const char* line = head.data() + at + 2;
      const char* end = head.data() + head.size();
      if (static_cast<std::size_t>(end - line) <= kName.size() ||
          strncasecmp(line, kName.data(), kName.size()) != 0) {
        continue;
      }
      line += kName.size();
      while (line < end && *line == ' ') ++line;
      return std::from_chars(line, end, value).ec == std::errc();
    }
    return false;
  }

  const std::string fields_;  ///< what follows the target in every request
  int fd_ = -1;
  std::string out_;
  std::size_t sent_ = 0;
  std::vector<char> in_;
  std::size_t in_bytes_ = 0;
  std::deque<Asked> asked_;
};

/// Drives all connections from one thread with epoll: the client must leave as much of the machine
/// to the server as it can.
class HttpRun {
 public:
  explicit HttpRun(const ResolvePlan& plan)
      : plan_(plan), rows_(plan.data), picker_(plan.seed, plan.rows) {}
  ~HttpRun() {
    if (epoll_ >= 0) close(epoll_);
  }

  Result<ResolveTally> Run(std::uint16_t port) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return Unavailable("epoll");
    for (std::uint32_t i = 0; i < plan_.connections; ++i) {
      connections_.push_back(std::make_unique<HttpConnection>(plan_.token));
      IDNODE_RETURN_IF_ERROR(connections_.back()->Open(port));
      IDNODE_RETURN_IF_ERROR(Watch(i, EPOLL_CTL_ADD));
    }
    now_ = Clock::now();
    const auto begin = now_ + plan_.warm_up;
    const auto end = begin + plan_.time;
    double cpu_at_begin = 0;
    double server_cpu_at_begin = 0;
    for (std::uint32_t i = 0; i < plan_.connections; ++i) IDNODE_RETURN_IF_ERROR(Refill(i));
    while (now_ < end) {
      if (!measuring_ && now_ >= begin) {
        measuring_ = true;
        measured_from_ = now_;
        cpu_at_begin = OwnCpuSeconds();
        server_cpu_at_begin = plan_.server_cpu_seconds();
      }
      IDNODE_RETURN_IF_ERROR(Step());
    }
    tally_.seconds = std::chrono::duration<double>(now_ - measured_from_).count();
    tally_.client_cpu_seconds = OwnCpuSeconds() - cpu_at_begin;
    tally_.server_cpu_seconds = plan_.server_cpu_seconds() - server_cpu_at_begin;
    if (tally_.answers == 0) return Error(Errc::kUnavailable, "no answer in the measured time");
    tally_.answer_bytes = static_cast<double>(bytes_) / static_cast<double>(tally_.answers);
    return tally_;
  }

 private:
  static constexpr int kEventsMax = 64;

  Result<void> Watch(std::uint32_t connection, int operation) {
    epoll_event event{};
    event.events = EPOLLIN;
    if (connections_[connection]->wants_to_write()) event.events |= EPOLLOUT;
    event.data.u32 = connection;
    if (epoll_ctl(epoll_, operation, connections_[connection]->fd(), &event) != 0) {
      return Unavailable("epoll_ctl");
    }
    return {};
  }

  Result<void> Refill(std::uint32_t index) {
    HttpConnection& connection = *connections_[index];
    const bool wanted = connection.wants_to_write();
    while (connection.under_way() < plan_.depth) {
      connection.Ask(rows_.Identifier(picker_.Next()), now_);
    }
    IDNODE_RETURN_IF_ERROR(connection.Flush());
    if (wanted != connection.wants_to_write()) return Watch(index, EPOLL_CTL_MOD);
    return {};
  }

  Result<void> Step() {
    epoll_event events[kEventsMax];
    const int count = epoll_wait(epoll_, events, kEventsMax, 100);
    now_ = Clock::now();
    if (Interrupted()) return InterruptedError();
    if (count < 0 && errno != EINTR) return Unavailable("epoll_wait");
    if (count > 0) last_event_ = now_;
    if (now_ - last_event_ > kSilenceMax) return Error(Errc::kUnavailable, "the server is silent");
    for (int i = 0; i < count; ++i) IDNODE_RETURN_IF_ERROR(Serve(events[i].data.u32));
    return {};
  }

  Result<void> Serve(std::uint32_t index) {
    bool wrong = false;
    IDNODE_RETURN_IF_ERROR(connections_[index]->Receive(
        [&](const HttpConnection::Asked& asked, std::string_view answer, bool found) {
          wrong = wrong || (plan_.check && !found);
          if (!measuring_) return;
          ++tally_.answers;
          bytes_ += answer.size();
          tally_.latency.Add(now_ - asked.at);
        }));
    if (wrong) return Error(Errc::kInternal, "an answer does not hold the suffix asked for");
    return Refill(index);
  }

  const ResolvePlan& plan_;
  RowWriter rows_;
  RowPicker picker_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  Clock::time_point now_;
  Clock::time_point last_event_ = Clock::now();
  Clock::time_point measured_from_;
  bool measuring_ = false;
  std::uint64_t bytes_ = 0;
  ResolveTally tally_;
};

}  // namespace

Result<ResolveTally> ResolveOverHttp(const ResolvePlan& plan, std::uint16_t port) {
  return HttpRun(plan).Run(port);
}

}  // namespace idnode::bench
