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

int HttpStatus(std::uint16_t port, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  const timeval timeout{2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int status = 0;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    const std::string request =
        "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    char answer[64] = {};
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(request.size()) &&
        recv(fd, answer, sizeof answer - 1, MSG_WAITALL) > 12) {
      std::from_chars(answer + 9, answer + 12, status);  // after "HTTP/1.1 "
    }
  }
  close(fd);
  return status;
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
