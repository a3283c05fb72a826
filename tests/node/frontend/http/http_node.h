#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/base/clock.h"
#include "node/base/metrics.h"
#include "node/frontend/admin/admin_frontend.h"
#include "node/frontend/http/http_frontend.h"
#include "node/service/services.h"
#include "tests/node/frontend/http/http_client.h"
#include "tests/node/service/test_node.h"

namespace idnode::frontend::http::testing {

/// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::string path(const std::string& name = {}) const;

 private:
  std::filesystem::path path_;
};

/// What stops registration, as tests set it.
class TestState : public service::NodeState {
 public:
  Result<void> Registering() const override {
    if (stopped_by) return *stopped_by;
    return {};
  }
  bool Ready() const override { return ready; }
  std::string EngineName() const override { return "memory"; }
  std::uint32_t Shards() const override { return 4; }
  std::string TimeZoneName() const override { return "Asia/Shanghai"; }

  bool ready = true;
  std::optional<Error> stopped_by;
};

/// Real services on the memory engine behind a real HTTP face on a free port. The clock stands at
/// 2026-11-22 10:00 in Shanghai; prefix 88.108 with enterprise prefixes admitted on first use.
class HttpNode {
 public:
  static constexpr std::int64_t kStartMs = service::kTestNowMs;  // 2026-11-22T02:00:00.123Z

  explicit HttpNode(HttpOptions options = {}, bool admit_on_first_use = true,
                    service::LedgerService* ledger = nullptr,
                    service::TestNodeOptions node_options = {});
  ~HttpNode();

  std::uint16_t port() const { return frontend_->Port(); }
  HttpFrontend& frontend() { return *frontend_; }
  const service::Services& services() const { return *services_; }
  /// The services' own parts.
  service::TestNode& node() { return node_; }
  TestState& state() { return state_; }
  FakeClock& clock() { return node_.clock; }
  Metrics& metrics() { return *metrics_; }
  const std::string& operator_token() const { return operator_token_; }

  /// Token of a new application that may write under `prefix`.
  std::string NewApplication(const std::string& name, const std::string& prefix,
                             const std::string& enterprise = {});
  /// Registers by the operator; CHECKs that every item is registered. `items` is JSON: "[…]".
  void Register(const std::string& items);
  /// One request on a connection of its own. `headers` are lines that end with CR LF.
  Answer Ask(std::string_view method, std::string_view target, std::string_view headers = {},
             std::string_view body = {});
  Answer AskAs(std::string_view token, std::string_view method, std::string_view target,
               std::string_view body = {});
  Answer AskAsOperator(std::string_view method, std::string_view target,
                       std::string_view body = {});

 private:
  service::TestNode node_;
  TestState state_;
  std::unique_ptr<Metrics> metrics_ = MakePrometheusMetrics();
  std::unique_ptr<service::Services> services_;
  std::unique_ptr<HttpFrontend> frontend_;
  std::string operator_token_;
};

/// "GET /x HTTP/1.1" with Host, further header lines, and a body with its length.
std::string RequestText(std::string_view method, std::string_view target,
                        std::string_view headers = {}, std::string_view body = {});

}  // namespace idnode::frontend::http::testing
