#include "tests/node/frontend/http/http_node.h"

#include <fstream>
#include <utility>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "node/base/check.h"

namespace idnode::frontend::http::testing {
namespace {

constexpr std::chrono::milliseconds kStepMax{30'000};

template <typename T>
T Must(Result<T> result) {
  IDNODE_CHECK(result.ok());
  return *std::move(result);
}

void Must(const Result<void>& result) { IDNODE_CHECK(result.ok()); }

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "idnode-http-XXXXXX").string();
  IDNODE_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::path(const std::string& name) const {
  return name.empty() ? path_.string() : (path_ / name).string();
}

HttpNode::HttpNode(HttpOptions options, bool admit_on_first_use, service::LedgerService* ledger)
    : zone_(Must(TimeZone::Load("Asia/Shanghai"))) {
  storage::EngineOptions engine_options;
  engine_options.engine = "memory";
  engine_options.shards = 4;
  engine_ = Must(storage::OpenEngine(engine_options));
  committer_ = std::make_unique<storage::Committer>(*engine_, clock_, zone_, *metrics_,
                                                    storage::CommitterOptions());
  writer_ = std::make_unique<service::Writer>(*committer_);
  access_ = std::make_unique<service::AccessControl>(*engine_, *writer_, clock_);
  Must(access_->Load(directory_.path()));
  prefixes_ = std::make_unique<service::PrefixRegistry>(
      *engine_, *writer_, clock_, service::PrefixOptions{{"88.108"}, admit_on_first_use});
  Must(prefixes_->Load());
  clock_guard_ = std::make_unique<service::ClockGuard>(clock_, service::ClockGuardOptions());
  clock_guard_->Start(0);
  registration_ = std::make_unique<service::RegistrationService>(*engine_, *committer_, *prefixes_,
                                                                 *clock_guard_, clock_, *metrics_,
                                                                 service::RegistrationLimits());
  registration_->SetLedger(ledger);
  resolution_ = std::make_unique<service::ResolutionService>(*engine_, *prefixes_, *metrics_,
                                                             service::ResolutionLimits());
  volume_ =
      std::make_unique<service::VolumeService>(*engine_, *committer_, clock_, zone_, 15'000'000);
  services_ = std::make_unique<service::Services>(
      service::Services{*access_, *prefixes_, *registration_, *resolution_, *volume_, *clock_guard_,
                        clock_, *metrics_, state_, ledger});
  std::ifstream(directory_.path("operator.token")) >> operator_token_;
  if (options.io_threads == 0) options.io_threads = 2;
  frontend_ = std::make_unique<HttpFrontend>(std::move(options), *services_);
  Must(frontend_->Start());
}

HttpNode::~HttpNode() {
  frontend_->Stop();
  committer_->Drain(clock_.After(kStepMax));
}

std::string HttpNode::NewApplication(const std::string& name, const std::string& prefix) {
  service::Caller caller;
  caller.role = service::Role::kOperator;
  return Must(access_->CreateApplication(caller, name, {prefix}, clock_.After(kStepMax))).second;
}

void HttpNode::Register(const std::string& items) {
  const Answer answer =
      AskAsOperator("POST", "/v1/identifiers:batchRegister", "{\"items\":" + items + "}");
  ASSERT_EQ(answer.status, 200) << answer.body;
  ASSERT_EQ(answer.body.find("\"outcome\":\"REJECTED\""), std::string::npos) << answer.body;
}

Answer HttpNode::Ask(std::string_view method, std::string_view target, std::string_view headers,
                     std::string_view body) {
  Client client(port());
  EXPECT_TRUE(client.Send(RequestText(method, target, headers, body)));
  const auto answer = client.Read(method == "HEAD");
  EXPECT_TRUE(answer.has_value()) << method << " " << target << ": no answer";
  return answer.value_or(Answer());
}

Answer HttpNode::AskAsOperator(std::string_view method, std::string_view target,
                               std::string_view body) {
  std::string headers = "Authorization: Bearer " + operator_token_ + "\r\n";
  if (!body.empty()) headers += "Content-Type: application/json\r\n";
  return Ask(method, target, headers, body);
}

std::string RequestText(std::string_view method, std::string_view target, std::string_view headers,
                        std::string_view body) {
  std::string text;
  text.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: node.example\r\n");
  text.append(headers);
  if (!body.empty())
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return text.append("\r\n").append(body);
}

}  // namespace idnode::frontend::http::testing
