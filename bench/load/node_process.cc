#include "bench/load/node_process.h"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <boost/json.hpp>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace idnode::bench {
namespace {

constexpr std::chrono::seconds kReadyMax{120};
constexpr std::chrono::seconds kStopMax{120};
constexpr std::chrono::milliseconds kReadyStep{2};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::uint16_t PortOf(const boost::json::object& ports, std::string_view name) {
  const boost::json::value* port = ports.if_contains(name);
  return port != nullptr && port->is_int64() ? static_cast<std::uint16_t>(port->get_int64()) : 0;
}

}  // namespace

namespace {

// What the server answers to a GET, up to `bytes_max`; empty if there was no answer.
std::string Exchange(std::uint16_t port, const std::string& path, const std::string& accept,
                     std::size_t bytes_max) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  const timeval timeout{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request = "GET " + path +
                                " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: " + accept +
                                "\r\nConnection: close\r\n\r\n";
    char part[4096];
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(request.size())) {
      for (ssize_t got = 0;
           answer.size() < bytes_max && (got = recv(fd, part, sizeof part, 0)) > 0;) {
        answer.append(part, static_cast<std::size_t>(got));
      }
    }
  }
  close(fd);
  return answer;
}

int StatusOf(const std::string& answer) {
  int status = 0;
  if (answer.size() > 12) std::from_chars(&answer[9], &answer[12], status);  // after "HTTP/1.1 "
  return status;
}

}  // namespace

int HttpStatus(std::uint16_t port, const std::string& path) {
  constexpr std::size_t kStatusLineBytes = 64;
  return StatusOf(Exchange(port, path, "*/*", kStatusLineBytes));
}

std::string HttpBody(std::uint16_t port, const std::string& path, const std::string& accept) {
  constexpr std::size_t kAnswerBytesMax = 32U << 20;
  const std::string answer = Exchange(port, path, accept, kAnswerBytesMax);
  const std::size_t head_end = answer.find("\r\n\r\n");
  if (StatusOf(answer) != 200 || head_end == std::string::npos) return {};
  return answer.substr(head_end + 4);
}

Result<std::unique_ptr<NodeProcess>> NodeProcess::Start(const Options& options) {
  std::unique_ptr<NodeProcess> node(new NodeProcess(options));
  std::error_code ignored;
  // A killed node leaves the file behind; it must not be taken for the new node's.
  std::filesystem::remove(options.data_dir + "/ports.json", ignored);
  const auto start = std::chrono::steady_clock::now();
  Child::Command command;
  command.argv = {options.program, "--dev", "--data-dir", options.data_dir};
  command.environment = {{"IDNODE_HTTP_PORT", "0"},
                         {"IDNODE_GRPC_PORT", "0"},
                         {"IDNODE_ADMIN_PORT", "0"},
                         {"IDNODE_LOG_LEVEL", "warning"}};
  command.environment.insert(options.environment.begin(), options.environment.end());
  command.log_path = options.log_path;
  auto child = Child::Start(command);
  if (!child.ok()) return child.error();
  node->child_ = std::move(*child);
  IDNODE_RETURN_IF_ERROR(node->WaitReady());
  node->start_seconds_ =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::istringstream(ReadAll(options.data_dir + "/operator.token")) >> node->token_;
  if (node->token_.empty()) return node->WithLog("the node wrote no operator.token");
  return node;
}

Result<void> NodeProcess::WaitReady() {
  const auto deadline = std::chrono::steady_clock::now() + kReadyMax;
  while (true) {
    if (Interrupted()) return InterruptedError();
    if (!child_->Running()) return WithLog("the node ended while it started");
    if (std::chrono::steady_clock::now() >= deadline) return WithLog("the node is not ready");
    boost::system::error_code error;
    const auto ports = boost::json::parse(ReadAll(options_.data_dir + "/ports.json"), error);
    if (!error && ports.is_object()) {
      http_port_ = PortOf(ports.get_object(), "http");
      grpc_port_ = PortOf(ports.get_object(), "grpc");
      admin_port_ = PortOf(ports.get_object(), "admin");
      if (http_port_ == 0 || grpc_port_ == 0 || admin_port_ == 0) {
        return WithLog("ports.json lacks http, grpc or admin");
      }
      if (HttpStatus(admin_port_, "/ready") == 200) return {};
    }
    std::this_thread::sleep_for(kReadyStep);
  }
}

Error NodeProcess::WithLog(std::string what) const {
  std::string log = ReadAll(options_.log_path);
  constexpr std::size_t kTailBytes = 2000;
  if (log.size() > kTailBytes) log.erase(0, log.size() - kTailBytes);
  return {Errc::kUnavailable, std::move(what) + "; it said:\n" + log};
}

Result<void> NodeProcess::Stop() {
  child_->Signal(SIGTERM);
  auto ended = child_->Wait(kStopMax);
  return ended.ok() ? ended : WithLog("stopping the node: " + ended.error().detail);
}

void NodeProcess::Kill() {
  child_->Signal(SIGKILL);
  // Its status says that it was killed: that is what was asked for.
  (void)child_->Wait(kStopMax);
}

}  // namespace idnode::bench
